/*
 * transcript.h - what the exchange did, in words, and why a test failed
 *
 * The fakes write one word or two for each call they get: "read-off",
 * "reply 200", "send 17", "cancel".  A test compares them with what it
 * expects.  A failure prints the story that led to it.
 */
#ifndef TEST_TRANSCRIPT_H
#define TEST_TRANSCRIPT_H

/* Forgets what was written. */
void transcript_clear(void);

/* Adds printf-style words. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The words since the last clear, one space between two. */
const char *transcript(void);

/* Forgets the story. */
void story_clear(void);

/* Goes on with the story: what the test made happen. */
void story_add(const char *word);

/* Takes back the last word of the story. */
void story_back(void);

/* Fails the test, printf-style, and prints story and transcript. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
