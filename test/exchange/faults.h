/*
 * faults.h - memory that runs out at a chosen allocation
 *
 * The program is linked with its allocator wrapped.  Allocations of the
 * exchange and the rooms below it are counted, those of libraries are not,
 * nor are the fakes' own, which hold the count while they work.
 */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <stdbool.h>

/* From now on allocations count, and the NTH of them, from 1, fails. */
void faults_arm(unsigned long nth);

/* No more faults.  True if one was injected. */
bool faults_disarm(void);

/* What is allocated between these two does not count; they may be nested. */
void faults_hold(void);
void faults_release(void);

#endif
