#include "http/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 107, BLOCK_HEAD = 16, PORT_DIGITS = 5 };

static const struct text line_start = {"PROXY ", 6};
static const struct text signature = {"\r\n\r\n\0\r\nQUIT\n", 12};

static enum proxy_header_step refuse(struct proxy_header *header, const char *fault)
{
    *header = (struct proxy_header){.fault = fault};
    return PROXY_HEADER_MALFORMED;
}

/* --- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n" ------------------------ */

/* Takes what stands before the next space, or all, off the front of LINE. */
static struct text take_word(struct text *line)
{
    struct text word = *line;

    if (!line->at)
        return word;
    word.len = text_find(*line, ' ');
    bool last = word.len == line->len;
    *line = last ? (struct text){0} : text_from_offset(*line, word.len + 1);
    return word;
}

/* Reads WORD, an address of FAMILY, and writes it in its usual form to TO. */
static bool read_address(struct text word, int family, char *to)
{
    unsigned char bytes[16];

    if (word.len == 0 || word.len >= PROXY_ADDRESS_MAX)
        return false;
    memcpy(to, word.at, word.len);
    to[word.len] = 0;
    return strlen(to) == word.len && inet_pton(family, to, bytes) == 1 &&
           inet_ntop(family, bytes, to, PROXY_ADDRESS_MAX);
}

static bool read_port(struct text word, uint16_t *port_out)
{
    uint64_t port;

    if (word.len > PORT_DIGITS || !text_to_u64(word, &port) || port > UINT16_MAX ||
        (word.at[0] == '0' && word.len > 1))
        return false;
    *port_out = (uint16_t)port;
    return true;
}

/* Both addresses and both ports, and nothing behind them. */
static bool read_ends(struct text rest, int family, struct proxy_header *header)
{
    char own[PROXY_ADDRESS_MAX];
    uint16_t own_port;

    return read_address(take_word(&rest), family, header->address) &&
           read_address(take_word(&rest), family, own) &&
           read_port(take_word(&rest), &header->port) && read_port(take_word(&rest), &own_port) &&
           !rest.at;
}

/* A whole LINE without its end. */
static enum proxy_header_step read_line(struct text line, struct proxy_header *header)
{
    struct text rest = text_from_offset(line, line_start.len), family = take_word(&rest);

    if (text_eq(family, TEXT("UNKNOWN")))
        return PROXY_HEADER_WHOLE; /* the rest is to be ignored */
    bool six = text_eq(family, TEXT("TCP6"));
    if (!six && !text_eq(family, TEXT("TCP4")))
        return refuse(header, "neither TCP4 nor TCP6 nor UNKNOWN");
    if (!read_ends(rest, six ? AF_INET6 : AF_INET, header))
        return refuse(header, "addresses or ports");
    return PROXY_HEADER_WHOLE;
}

static enum proxy_header_step find_line(struct text so_far, struct proxy_header *header)
{
    size_t cr = text_find(so_far, '\r'), lf = text_find(so_far, '\n');
    size_t len = so_far.len;

    if (lf < cr || (cr + 1 < len && lf != cr + 1))
        return refuse(header, "a line that does not end in CR LF");
    if (lf == len)
        return len < LINE_MAX_BYTES ? PROXY_HEADER_MORE : refuse(header, "a line too long");
    if (lf >= LINE_MAX_BYTES)
        return refuse(header, "a line too long");
    header->len = lf + 1;
    return read_line(text_of(so_far.at, cr), header);
}

/* --- version 2 ------------------------------------------------------------------------ */

static unsigned byte_at(struct text t, size_t i)
{
    return (unsigned char)t.at[i];
}

static unsigned short_at(struct text t, size_t i)
{
    return byte_at(t, i) << 8 | byte_at(t, i + 1);
}

/* The family of connections (stream sockets) that a byte stands for, or -1. */
static int family_of(unsigned family_and_protocol)
{
    switch (family_and_protocol) {
    case 0x00:
        return AF_UNSPEC;
    case 0x11:
        return AF_INET;
    case 0x21:
        return AF_INET6;
    case 0x31:
        return AF_UNIX;
    default:
        return -1;
    }
}

/* The bytes that both addresses, and ports, of FAMILY take. */
static size_t addresses_len(int family)
{
    switch (family) {
    case AF_INET:
        return 12;
    case AF_INET6:
        return 36;
    case AF_UNIX:
        return 216;
    default:
        return 0;
    }
}

/* The head of a block: what will follow, and whether it may. */
static const char *block_fault(struct text head)
{
    unsigned command = byte_at(head, 12), len = short_at(head, 14);
    int family = family_of(byte_at(head, 13));

    if (command != 0x20 && command != 0x21)
        return "neither LOCAL nor PROXY of version 2";
    if (len > PROXY_HEADER_MAX - BLOCK_HEAD)
        return "a block too long";
    if (command == 0x20)
        return NULL; /* the rest is to be ignored */
    if (family < 0)
        return "no family of connections";
    return len < addresses_len(family) ? "a block too short for its addresses" : NULL;
}

static void read_block(struct text block, int family, struct proxy_header *header)
{
    size_t ports = family == AF_INET6 ? 32 : 8;

    if (family == AF_UNIX)
        snprintf(header->address, sizeof header->address, "unix");
    if (family != AF_INET && family != AF_INET6)
        return;
    inet_ntop(family, block.at, header->address, sizeof header->address);
    header->port = (uint16_t)short_at(block, ports);
}

static enum proxy_header_step find_block(struct text so_far, struct proxy_header *header)
{
    if (so_far.len < BLOCK_HEAD)
        return PROXY_HEADER_MORE;
    const char *fault = block_fault(so_far);
    if (fault)
        return refuse(header, fault);
    size_t len = BLOCK_HEAD + short_at(so_far, 14);
    if (so_far.len < len)
        return PROXY_HEADER_MORE;
    header->len = len;
    if (byte_at(so_far, 12) == 0x21)
        read_block(text_from_offset(so_far, BLOCK_HEAD), family_of(byte_at(so_far, 13)), header);
    return PROXY_HEADER_WHOLE;
}

/* --- either --------------------------------------------------------------------------- */

/* True if SO_FAR is what START begins with, or goes on behind it. */
static bool begins(struct text so_far, struct text start)
{
    size_t len = so_far.len < start.len ? so_far.len : start.len;

    return len == 0 || memcmp(so_far.at, start.at, len) == 0;
}

enum proxy_header_step proxy_header_read(struct text so_far, struct proxy_header *header_out)
{
    *header_out = (struct proxy_header){0};
    if (begins(so_far, signature))
        return find_block(so_far, header_out);
    if (begins(so_far, line_start))
        return find_line(so_far, header_out);
    return refuse(header_out, "no header");
}
