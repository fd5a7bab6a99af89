#include "exchange/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_BYTES = 4096, STORY_MAX = 64 };

static char words[WORDS_BYTES];
static size_t written;
static const char *story[STORY_MAX];
static size_t told;

void transcript_clear(void)
{
    written = 0;
    words[0] = 0;
}

void say(const char *format, ...)
{
    va_list args;

    if (written && written < sizeof words - 1)
        words[written++] = ' ';
    va_start(args, format);
    int n = vsnprintf(words + written, sizeof words - written, format, args);
    va_end(args);
    written += n > 0 ? (size_t)n : 0;
    if (written >= sizeof words)
        written = sizeof words - 1;
}

const char *transcript(void)
{
    return words;
}

void story_clear(void)
{
    told = 0;
}

void story_add(const char *word)
{
    if (told < STORY_MAX)
        story[told] = word;
    told++;
}

void story_back(void)
{
    told--;
}

void wrong(const char *format, ...)
{
    char reason[512];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    print_error("story:");
    for (size_t i = 0; i < told && i < STORY_MAX; i++)
        print_error(" [%s]", story[i]);
    print_error("\nthe exchange did: %s\nwrong: %s\n", words, reason);
    fail();
    abort();
}
