/*
 * lanes.h - looking at a row of neighbouring bytes at once
 *
 * Most bytes of a JSON text are plain: the inside of a string, digits,
 * white space.  A row of LANES bytes is judged in a few instructions, with
 * SSE2 where the compiler has it and with 64-bit words or byte by byte
 * elsewhere.
 */
#ifndef JSON_LANES_H
#define JSON_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* True for a byte that ends the plain run inside a string. */
static inline bool lanes_stops_string(unsigned char c, bool ascii)
{
    return c == '"' || c == '\\' || c < 0x20 || (ascii && c >= 0x80);
}

/*
 * True for a byte that ends the run between two strings: a quote, or one of
 * the three that yajl would take for white space or a comment.
 */
static inline bool lanes_stops_gap(unsigned char c)
{
    return c == '"' || c == '\v' || c == '\f' || c == '/';
}

/* One bit a byte, the first byte lowest. */
struct lanes_gap {
    unsigned stop, digit, zero, blank;
};

enum { LANES_ROWS = 255 };

#if defined(__SSE2__) && !defined(LANES_PORTABLE)

#include <emmintrin.h>

enum { LANES = 16 };

static inline size_t lanes_first(int marks)
{
    return marks ? (size_t)__builtin_ctz((unsigned)marks) : (size_t)LANES;
}

/* How many plain bytes of a string the row at P begins with; with ASCII, bytes above 0x7f are not
 * plain. */
static inline size_t lanes_in_string(const char *p, bool ascii)
{
    __m128i row = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(row, _mm_set1_epi8(0x1f)), row);
    __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(row, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(row, _mm_set1_epi8('\\')));
    int marks = _mm_movemask_epi8(_mm_or_si128(stop, low));

    return lanes_first(ascii ? marks | _mm_movemask_epi8(row) : marks);
}

/* Which of the LANES bytes at P end the run, are digits, zeros, blanks. */
static inline struct lanes_gap lanes_in_gap(const char *p)
{
    __m128i row = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i foreign = _mm_sub_epi8(row, _mm_set1_epi8('\v')); /* \v and \f become 0 and 1 */
    __m128i digit = _mm_sub_epi8(row, _mm_set1_epi8('0'));
    __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(row, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(row, _mm_set1_epi8('/')));

    foreign = _mm_cmpeq_epi8(_mm_min_epu8(foreign, _mm_set1_epi8(1)), foreign);
    digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    return (struct lanes_gap){
        .stop = (unsigned)_mm_movemask_epi8(_mm_or_si128(stop, foreign)),
        .digit = (unsigned)_mm_movemask_epi8(digit),
        .zero = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(row, _mm_set1_epi8('0'))),
        .blank = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(row, _mm_set1_epi8(' ')))};
}

/* Makes the digits 1 to 9 among the LANES bytes at P the same one. */
static inline void lanes_level_digits(char *p)
{
    __m128i row = _mm_loadu_si128((const __m128i *)(const void *)p), one = _mm_set1_epi8('1');
    __m128i above = _mm_sub_epi8(row, one);
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(8)), above);

    row = _mm_sub_epi8(row, _mm_and_si128(above, digit));
    _mm_storeu_si128((__m128i *)(void *)p, row);
}

/* How many of the ROWS times LANES bytes at P are line feeds; at most LANES_ROWS rows. */
static inline size_t lanes_line_feeds(const char *p, size_t rows)
{
    __m128i sum = _mm_setzero_si128();

    for (size_t i = 0; i < rows; i++, p += LANES) {
        __m128i row = _mm_loadu_si128((const __m128i *)(const void *)p);

        sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(row, _mm_set1_epi8('\n')));
    }
    sum = _mm_sad_epu8(sum, _mm_setzero_si128());
    return (size_t)(_mm_extract_epi16(sum, 0) + _mm_extract_epi16(sum, 4));
}

#else

enum { LANES = 8 };

#define LANES_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* A word whose top bits are set (at least) where WORD has the BYTE. */
static inline uint64_t lanes_equal(uint64_t word, unsigned char byte)
{
    uint64_t other = word ^ LANES_ALL(byte);

    return (other - LANES_ALL(1)) & ~other & LANES_ALL(0x80);
}

static inline size_t lanes_in_string(const char *p, bool ascii)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    uint64_t low = (word - LANES_ALL(0x20)) & ~word & LANES_ALL(0x80);
    uint64_t stop = lanes_equal(word, '"') | lanes_equal(word, '\\') | low;
    if (ascii)
        stop |= word & LANES_ALL(0x80);
    size_t n = 0;
    while (stop && n < LANES && !lanes_stops_string((unsigned char)p[n], ascii))
        n++;
    return stop ? n : (size_t)LANES;
}

static inline struct lanes_gap lanes_in_gap(const char *p)
{
    struct lanes_gap gap = {0};

    for (unsigned i = 0; i < LANES; i++) {
        gap.stop |= (unsigned)lanes_stops_gap((unsigned char)p[i]) << i;
        gap.digit |= (unsigned)(p[i] >= '0' && p[i] <= '9') << i;
        gap.zero |= (unsigned)(p[i] == '0') << i;
        gap.blank |= (unsigned)(p[i] == ' ') << i;
    }
    return gap;
}

static inline void lanes_level_digits(char *p)
{
    for (unsigned i = 0; i < LANES; i++)
        p[i] = p[i] > '1' && p[i] <= '9' ? '1' : p[i];
}

static inline size_t lanes_line_feeds(const char *p, size_t rows)
{
    size_t count = 0;

    for (size_t i = 0; i < rows * LANES; i++)
        count += p[i] == '\n';
    return count;
}

#endif
#endif
