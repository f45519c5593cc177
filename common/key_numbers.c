/* SPDX-License-Identifier: MIT */

/* Numbers: whole ones, times and sizes. */
#include "common/key_types.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND_MS INT64_C(1000)
#define KILOBYTE  INT64_C(1024)
#define MEGABYTE  (KILOBYTE * 1024)

#define PROCESSORS_MIN 10 /* thousandths: the kernel gives a millisecond at least in 100 */

/* A name for a factor, in a list that ends with a NULL name. */
struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit time_units[] = {
    {"ms", 1},
    {"s", SECOND_MS},
    {"m", 60 * SECOND_MS},
    {"h", 3600 * SECOND_MS},
    {"d", 86400 * SECOND_MS},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"KB", KILOBYTE},
    {"MB", MEGABYTE},
    {"GB", 1024 * MEGABYTE},
    {NULL, 0},
};

static int describe_range(const struct key *key, struct buf *out)
{
    const struct key_type_operations *type = key_type_of(key);
    if (type->print(key, &key->min, out) < 0 || buf_text_append(out, " to ") < 0)
        return -1;
    return type->print(key, &key->max, out);
}

static int describe_duration(const struct key *key, struct buf *out)
{
    return describe_range(key, out) < 0 ? -1
                                        : buf_text_append(out, " (seconds, or 10ms 1m30s 2h 1d)");
}

static int describe_bytes(const struct key *key, struct buf *out)
{
    return describe_range(key, out) < 0 ? -1 : buf_text_append(out, " (bytes, or 512KB 64MB 1GB)");
}

static int describe_megabytes(const struct key *key, struct buf *out)
{
    return describe_range(key, out) < 0 ? -1 : buf_text_append(out, " (MB, or 512KB 64MB 1GB)");
}

static int describe_processors(const struct key *key, struct buf *out)
{
    if (describe_range(key, out) < 0)
        return -1;
    return buf_text_append(out, " (processors, at least 0.01; or 50%, 150% of one)");
}

static int out_of_range(const struct key *key, struct err *err)
{
    struct buf range;
    buf_init(&range, 200);
    key_type_describe(key, &range);
    err_set(err, ERR_INVALID, "out of range; write %s", buf_text(&range));
    buf_finish(&range);
    return -1;
}

static int store_in_range(const struct key *key, int64_t number, void *value, struct err *err)
{
    if (number < key->min || number > key->max)
        return out_of_range(key, err);
    *(int64_t *)value = number;
    return 0;
}

/* A key whose fallback is "" may be unset. */
static bool unsets(const struct key *key, const char *text, void *value)
{
    if (text[0] || key->fallback[0])
        return false;
    *(int64_t *)value = KEY_UNSET;
    return true;
}

static int parse_integer(const struct key *key, const char *text, void *value, struct err *err)
{
    if (unsets(key, text, value))
        return 0;
    char *end;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    bool starts_well = isdigit((unsigned char)text[strchr("+-", text[0]) && text[0] != '\0']);
    if (!starts_well || *end != '\0' || errno != 0)
        return err_set(err, ERR_INVALID, "\"%.80s\" is not a whole number; write one, e.g. %s",
                       text, key->fallback[0] ? key->fallback : "2");
    return store_in_range(key, number, value, err);
}

static int print_integer(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    if (*(const int64_t *)value == KEY_UNSET)
        return 0;
    return buf_printf(out, "%" PRId64, *(const int64_t *)value);
}

static void copy_integer(void *to, const void *from)
{
    memcpy(to, from, sizeof(int64_t));
}

static bool equal_integer(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

/* The factor of the unit at *at, which moves behind it; 0 where there is none of the list. */
static int64_t read_unit(const struct unit *units, const char **at)
{
    size_t length = 0;
    while (isalpha((unsigned char)(*at)[length]))
        length++;
    for (; units->name; units++) {
        if (strlen(units->name) == length && strncasecmp(units->name, *at, length) == 0) {
            *at += length;
            return units->factor;
        }
    }
    return 0;
}

/* Reads digits with at most three behind a point as thousandths. Returns -1 where there are none,
 * or too many of them. */
static int64_t read_thousandths(const char **at)
{
    int64_t number = 0;
    int digits = 0, behind_point = -1;
    for (; isdigit((unsigned char)**at) || (**at == '.' && behind_point < 0); (*at)++) {
        if (**at == '.') {
            behind_point = 0;
            continue;
        }
        number = number * 10 + (**at - '0');
        if (++digits > 12 || (behind_point >= 0 && ++behind_point > 3))
            return -1;
    }
    for (int i = behind_point < 0 ? 0 : behind_point; i < 3; i++)
        number *= 10;
    return digits > 0 && behind_point != 0 ? number : -1;
}

/* Reads "90", "1.5h" or "1m30s": a number in the plain unit, or numbers with units behind them, to
 * be summed up. Returns -1 where it is not one. */
static int64_t read_quantity(const char *text, const struct unit *units, int64_t plain_factor)
{
    int64_t sum = 0;
    const char *at = text;
    do {
        int64_t thousandths = read_thousandths(&at);
        int64_t factor = *at == '\0' && sum == 0 ? plain_factor : read_unit(units, &at);
        int64_t part;
        if (thousandths < 0 || factor == 0 || __builtin_mul_overflow(thousandths, factor, &part) ||
            part % 1000 != 0 || __builtin_add_overflow(sum, part / 1000, &sum))
            return -1;
    } while (*at);
    return sum;
}

static int parse_duration(const struct key *key, const char *text, void *value, struct err *err)
{
    if (unsets(key, text, value))
        return 0;
    int64_t number = read_quantity(text, time_units, SECOND_MS);
    if (number < 0)
        return err_set(
            err, ERR_INVALID,
            "\"%.80s\" is not a time; write seconds, or ms, s, m, h, d, e.g. 60 or 1m30s", text);
    return store_in_range(key, number, value, err);
}

static int print_duration(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    int64_t ms = *(const int64_t *)value;
    if (ms == KEY_UNSET)
        return 0;
    return ms % SECOND_MS ? buf_printf(out, "%" PRId64 "ms", ms)
                          : buf_printf(out, "%" PRId64, ms / SECOND_MS);
}

static int parse_megabytes(const struct key *key, const char *text, void *value, struct err *err)
{
    int64_t number = read_quantity(text, size_units, MEGABYTE);
    if (number < 0 || number % KILOBYTE != 0)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is not a size; write megabytes, or KB, MB, GB, e.g. 128 or 1GB",
                       text);
    return store_in_range(key, number, value, err);
}

static int print_megabytes(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    int64_t bytes = *(const int64_t *)value;
    return bytes % MEGABYTE ? buf_printf(out, "%" PRId64 "KB", bytes / KILOBYTE)
                            : buf_printf(out, "%" PRId64, bytes / MEGABYTE);
}

/* Supervisor's sizes; it lets a space stand before the unit. */
static int parse_bytes(const struct key *key, const char *text, void *value, struct err *err)
{
    char compact[32];
    size_t digits = strcspn(text, " ");
    size_t gap = strspn(text + digits, " ");
    snprintf(compact, sizeof compact, "%.*s%s", (int)(digits < 20 ? digits : 20), text,
             text + digits + gap);
    int64_t number = read_quantity(compact, size_units, 1);
    if (number < 0 || digits > 20)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is not a size; write bytes, or KB, MB, GB, e.g. 50MB", text);
    return store_in_range(key, number, value, err);
}

static int print_bytes(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    int64_t bytes = *(const int64_t *)value;
    for (const struct unit *unit = size_units + 2; unit >= size_units; unit--)
        if (bytes > 0 && bytes % unit->factor == 0)
            return buf_printf(out, "%" PRId64 "%s", bytes / unit->factor, unit->name);
    return buf_printf(out, "%" PRId64, bytes);
}

/* A bare number is processors, as docker's --cpus; with % it is of one, as systemd's CPUQuota. */
static int parse_processors(const struct key *key, const char *text, void *value, struct err *err)
{
    const char *at = text;
    int64_t number = read_thousandths(&at);
    bool is_share = number >= 0 && *at == '%';
    if (number < 0 || at[is_share] != '\0' || (is_share && number % 100 != 0))
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is no share of processors; write processors, e.g. 1.5, or per cent "
                       "of one, e.g. 50%%",
                       text);
    if (is_share)
        number /= 100;
    if (number > 0 && number < PROCESSORS_MIN)
        return out_of_range(key, err);
    return store_in_range(key, number, value, err);
}

static int print_processors(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    char text[32];
    int64_t number = *(const int64_t *)value;
    int length = snprintf(text, sizeof text, "%" PRId64 ".%03d", number / 1000, (int)(number % 1000));
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    return buf_printf(out, "%.*s", length, text);
}

#define NUMBER_TYPE(name, description)                                                             \
    {                                                                                              \
        .parse = parse_##name, .print = print_##name, .describe = (description),                   \
        .copy = copy_integer, .equal = equal_integer                                               \
    }

const struct key_type_operations key_integer = NUMBER_TYPE(integer, describe_range);
const struct key_type_operations key_duration = NUMBER_TYPE(duration, describe_duration);
const struct key_type_operations key_megabytes = NUMBER_TYPE(megabytes, describe_megabytes);
const struct key_type_operations key_bytes = NUMBER_TYPE(bytes, describe_bytes);
const struct key_type_operations key_processors = NUMBER_TYPE(processors, describe_processors);
