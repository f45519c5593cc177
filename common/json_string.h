/* SPDX-License-Identifier: MIT */
#ifndef COMMON_JSON_STRING_H
#define COMMON_JSON_STRING_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The inside of JSON strings, shared by the parts of json. */

/* The highest bit of each of the eight bytes that is a control character, a quote, a backslash or
 * above 7F. A subtraction that borrows can also mark bytes above a marked one, so the lowest mark
 * is exact, and so is their absence. */
static inline uint64_t json_marks(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    uint64_t quotes = bytes ^ (ones * '"'), backslashes = bytes ^ (ones * '\\');
    uint64_t marked = ((bytes - ones * 0x20) & ~bytes) | ((quotes - ones) & ~quotes) |
                      ((backslashes - ones) & ~backslashes) | bytes;
    return marked & highs;
}

static inline bool json_is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Where the bytes that stand for themselves end. */
static inline const char *json_plain_end(const char *at, const char *end)
{
    uint64_t bytes;
    while (end - at >= (ptrdiff_t)sizeof bytes) {
        memcpy(&bytes, at, sizeof bytes);
        uint64_t marks = json_marks(le64toh(bytes));
        if (marks)
            return at + __builtin_ctzll(marks) / 8;
        at += sizeof bytes;
    }
    while (at < end && json_is_plain((unsigned char)*at))
        at++;
    return at;
}

/* The value of four hexadecimal digits, -1 where they are none. */
int json_hex(const char *digits);

/* Decodes the checked inside of a string (without its quotes) into out, which has room for length
 * bytes: an escape never gets longer. Returns the bytes written. */
size_t json_decode(const char *text, size_t length, char *out);

#endif
