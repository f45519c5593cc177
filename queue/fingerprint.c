/* SPDX-License-Identifier: MIT */
#include "queue/fingerprint.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "queue/exception.h"

#define ID_LENGTH       21 /* of Muster's identifiers, and of NanoID's */
#define HEX_LENGTH_MIN  8  /* a shorter word of such letters may be one of a language */
#define COLONS_MIN      5  /* in an IPv6 address without "::" */
#define PORT_LENGTH_MAX 5
#define LINE_MAX        4096 /* bytes of a line that are looked at */

/* Classes of characters, in ASCII whatever the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c)
{
    return is_digit(c) || is_upper(c) || is_lower(c) || c == '_';
}

static bool is_id(char c)
{
    return is_word(c) || c == '-';
}

static bool is_local(char c)
{
    return is_id(c) || c == '.' || c == '+' || c == '%';
}

static bool is_domain(char c)
{
    return is_digit(c) || is_upper(c) || is_lower(c) || c == '-' || c == '.';
}

static size_t span(const char *text, size_t left, bool (*is_in)(char))
{
    size_t length = 0;
    while (length < left && is_in(text[length]))
        length++;
    return length;
}

/* --- what is masked: each returns how many bytes at the beginning of text it takes, 0 for none ---
 */

static bool ends_here(const char *text, size_t left, size_t length)
{
    return length == left || !is_word(text[length]);
}

/* 8-4-4-4-12 hexadecimal digits. */
static size_t take_uuid(const char *text, size_t left)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    size_t at = 0;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (i > 0 && (at >= left || text[at++] != '-'))
            return 0;
        if (span(text + at, left - at, is_hex) != groups[i])
            return 0;
        at += groups[i];
    }
    return ends_here(text, left, at) ? at : 0;
}

static size_t take_id(const char *text, size_t left)
{
    bool has_digit = false, has_upper = false, has_lower = false;
    if (span(text, left, is_id) != ID_LENGTH)
        return 0;
    for (size_t i = 0; i < ID_LENGTH; i++) {
        has_digit |= is_digit(text[i]);
        has_upper |= is_upper(text[i]);
        has_lower |= is_lower(text[i]);
    }
    return has_digit && has_upper && has_lower ? ID_LENGTH : 0;
}

static size_t take_email(const char *text, size_t left)
{
    size_t local = span(text, left, is_local);
    if (local == 0 || local == left || text[local] != '@')
        return 0;
    size_t domain = span(text + local + 1, left - local - 1, is_domain);
    while (domain > 0 && text[local + domain] == '.') /* the end of a sentence */
        domain--;
    return memchr(text + local + 1, '.', domain) ? local + 1 + domain : 0;
}

static size_t take_ipv4(const char *text, size_t left)
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && (at >= left || text[at++] != '.'))
            return 0;
        size_t digits = span(text + at, left - at, is_digit);
        if (digits < 1 || digits > 3)
            return 0;
        at += digits;
    }
    bool goes_on = at + 1 < left && text[at] == '.' && is_digit(text[at + 1]);
    if (goes_on || !ends_here(text, left, at))
        return 0;
    if (at < left && text[at] == ':') {
        size_t port = span(text + at + 1, left - at - 1, is_digit);
        if (port > 0 && port <= PORT_LENGTH_MAX && ends_here(text, left, at + 1 + port))
            at += 1 + port;
    }
    return at;
}

static bool is_ipv6(char c)
{
    return is_hex(c) || c == ':' || c == '.';
}

static size_t take_ipv6(const char *text, size_t left)
{
    size_t length = span(text, left, is_ipv6);
    while (length > 0 && text[length - 1] == '.')
        length--;
    int colons = 0;
    bool has_digit = false, is_short = false;
    for (size_t i = 0; i < length; i++) {
        has_digit |= is_digit(text[i]);
        is_short |= text[i] == ':' && i + 1 < length && text[i + 1] == ':';
        colons += text[i] == ':';
    }
    bool is_one = has_digit && (is_short || colons >= COLONS_MIN);
    return is_one && ends_here(text, left, length) ? length : 0;
}

static size_t take_hex(const char *text, size_t left)
{
    bool is_prefixed = left > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    size_t prefix = is_prefixed ? 2 : 0;
    size_t digits = span(text + prefix, left - prefix, is_hex);
    if (!ends_here(text, left, prefix + digits))
        return 0;
    if (is_prefixed)
        return digits > 0 ? prefix + digits : 0;
    for (size_t i = 0; digits >= HEX_LENGTH_MIN && i < digits; i++)
        if (is_digit(text[i]))
            return digits;
    return 0;
}

/* Digits, with points and commas between them, and the sign of a number that stands alone. */
static size_t take_number(const char *text, size_t left, bool is_start)
{
    size_t at = is_start && left > 1 && text[0] == '-' ? 1 : 0;
    size_t begin = at;
    while (at < left &&
           (is_digit(text[at]) || (at > begin && at + 1 < left &&
                                   (text[at] == '.' || text[at] == ',') && is_digit(text[at + 1]))))
        at++;
    return at > begin ? at : 0;
}

static const struct {
    size_t (*take)(const char *text, size_t left);
    const char *mask;
} masks[] = {
    {take_uuid, "<uuid>"},    {take_email, "<address>"}, {take_ipv4, "<address>"},
    {take_ipv6, "<address>"}, {take_id, "<uuid>"},       {take_hex, "#"},
};

/* Returns how many bytes were taken, and in *mask what stands for them; 0 where it stays. */
static size_t take(const char *text, size_t left, bool is_start, const char **mask)
{
    for (size_t i = 0; is_start && i < sizeof masks / sizeof masks[0]; i++) {
        size_t length = masks[i].take(text, left);
        *mask = masks[i].mask;
        if (length > 0)
            return length;
    }
    *mask = "#";
    return take_number(text, left, is_start);
}

int fingerprint_mask(const char *text, size_t length, struct buf *out)
{
    size_t at = 0;
    while (at < length) {
        const char *mask;
        bool is_start = at == 0 || !is_word(text[at - 1]);
        size_t taken = take(text + at, length - at, is_start, &mask);
        int result = taken > 0 ? buf_text_append(out, mask) : buf_append(out, text + at, 1);
        if (result < 0)
            return -1;
        at += taken > 0 ? taken : 1;
    }
    return 0;
}

/* --- the whole --- */

/* FNV-1a. */
static uint64_t hash(uint64_t value, const char *text)
{
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return value;
}

/* Copies the text without a character that was cut off at its end. */
static void copy_whole(char *to, const char *text, size_t length)
{
    size_t at = 0, step;
    while (at < length && (step = utf8_length(text + at, length - at)) > 0)
        at += step;
    memcpy(to, text, at);
    to[at] = '\0';
}

void fingerprint_make(struct fingerprint *fingerprint, const char *name, const char *exception)
{
    struct buf masked;
    buf_init(&masked, FINGERPRINT_PATTERN_MAX);
    size_t length = exception_line(&exception);
    (void)fingerprint_mask(exception, length < LINE_MAX ? length : LINE_MAX, &masked);
    copy_whole(fingerprint->pattern, buf_text(&masked), masked.length);
    buf_finish(&masked);
    uint64_t value = hash(UINT64_C(0xcbf29ce484222325), name);
    value = hash(value, "\n");
    value = hash(value, fingerprint->pattern);
    snprintf(fingerprint->id, sizeof fingerprint->id, "%016llx", (unsigned long long)value);
}
