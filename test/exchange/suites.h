/*
 * suites.h - the suites of this program, one a file
 *
 * Each runs its cases and returns how many failed.
 */
#ifndef TEST_SUITES_H
#define TEST_SUITES_H

/* Every legal order of up to six happenings. */
int run_orders(void);

/* One case for each cell of the table of phases and events. */
int run_cells(void);

/* One case for each way an exchange can end. */
int run_outcomes(void);

/* Framing, held replies and early answers. */
int run_replies(void);

/* Coded bodies by themselves. */
int run_unpacking(void);

/* Coded replies, decoded; and coded again, or left alone. */
int run_codings(void);
int run_recodings(void);

/* Coded request bodies. */
int run_coded_requests(void);

/* Each allocation fails once. */
int run_faults(void);

/* What replies on deprecated routes say. */
int run_deprecated(void);

/* Header fields, up and down. */
int run_fields(void);

/* Entity tags, their marks, and conditions. */
int run_validators(void);

/* W3C Trace Context. */
int run_traces(void);

/* X-Forwarded fields, trusted hops and whose Host goes up. */
int run_forwarding(void);

/* What is told of an exchange once it has ended. */
int run_reports(void);

/* Which names of the service are told of that nobody has mapped. */
int run_unmapped(void);

/* What the gateway itself has to say. */
int run_local(void);

#endif
