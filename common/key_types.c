/* SPDX-License-Identifier: MIT */
#include "common/key_types.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/command.h"
#include "common/mem.h"
#include "common/utf8.h"

#define SECOND_MS INT64_C(1000)
#define KILOBYTE  INT64_C(1024)
#define MEGABYTE  (KILOBYTE * 1024)

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

/* What the file may hold, in the same words as it would be written. */
static void describe_range(const struct key *key, char *text, size_t size)
{
    struct buf min, max;
    buf_init(&min, 64);
    buf_init(&max, 64);
    key_type_of(key)->print(key, &key->min, &min);
    key_type_of(key)->print(key, &key->max, &max);
    snprintf(text, size, "%s to %s", buf_text(&min), buf_text(&max));
    buf_finish(&min);
    buf_finish(&max);
}

static int store_in_range(const struct key *key, int64_t number, void *value, struct err *err)
{
    if (number < key->min || number > key->max) {
        char range[160];
        describe_range(key, range, sizeof range);
        return err_set(err, ERR_INVALID, "out of range; write %s", range);
    }
    *(int64_t *)value = number;
    return 0;
}

static int parse_integer(const struct key *key, const char *text, void *value, struct err *err)
{
    char *end;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    bool starts_well =
        isdigit((unsigned char)text[0]) || (text[0] == '-' && isdigit((unsigned char)text[1]));
    if (!starts_well || *end != '\0' || errno != 0)
        return err_set(err, ERR_INVALID, "\"%.80s\" is not a whole number; write one, e.g. %s",
                       text, key->fallback);
    return store_in_range(key, number, value, err);
}

static int print_integer(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
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

static int parse_boolean(const struct key *key, const char *text, void *value, struct err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},   {"1", true},
                 {"no", false}, {"false", false}, {"off", false}, {"0", false}};
    (void)key;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i].word, text) == 0) {
            *(bool *)value = words[i].value;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "\"%.80s\" is not a yes or no; write yes, true, on, 1, no, false, "
                   "off or 0",
                   text);
}

static int print_boolean(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    return buf_text_append(out, *(const bool *)value ? "yes" : "no");
}

static void copy_boolean(void *to, const void *from)
{
    *(bool *)to = *(const bool *)from;
}

static bool equal_boolean(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

/* A choice may have several names, "sqlite|database": the first is the one that is written. */
static bool choice_has_name(const char *choice, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = choice;; at++) {
        size_t part = strcspn(at, "|");
        if (part == length && strncasecmp(at, name, length) == 0)
            return true;
        at += part;
        if (*at == '\0')
            return false;
    }
}

static int parse_choice(const struct key *key, const char *text, void *value, struct err *err)
{
    struct buf known;
    buf_init(&known, ERR_TEXT_MAX / 2);
    for (int i = 0; key->choices[i]; i++) {
        if (choice_has_name(key->choices[i], text)) {
            *(int *)value = i;
            buf_finish(&known);
            return 0;
        }
        buf_printf(&known, "%s%.*s", i ? ", " : "", (int)strcspn(key->choices[i], "|"),
                   key->choices[i]);
    }
    err_set(err, ERR_INVALID, "\"%.80s\" is not one of its values; write one of %s", text,
            buf_text(&known));
    buf_finish(&known);
    return -1;
}

static int print_choice(const struct key *key, const void *value, struct buf *out)
{
    const char *choice = key->choices[*(const int *)value];
    return buf_append(out, choice, strcspn(choice, "|"));
}

static void copy_choice(void *to, const void *from)
{
    *(int *)to = *(const int *)from;
}

static bool equal_choice(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}

static void store_string(void *value, const char *text)
{
    char *copy = mem_strdup(text);
    free(*(char **)value);
    *(char **)value = copy;
}

/* Values go on into other files, logs and terminals: text only. */
static int parse_string(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    if (!utf8_is_valid(text, strlen(text)))
        return err_set(err, ERR_INVALID, "the value is not UTF-8");
    for (const char *at = text; *at; at++) {
        if (((unsigned char)*at < 0x20 && !strchr("\n\t", *at)) || *at == 0x7f)
            return err_set(err, ERR_INVALID, "the value has a control character (0x%02x)",
                           (unsigned)*at);
    }
    store_string(value, text);
    return 0;
}

static int parse_line(const struct key *key, const char *text, void *value, struct err *err)
{
    if (strchr(text, '\n'))
        return err_set(err, ERR_INVALID, "the value has several lines; write one");
    return parse_string(key, text, value, err);
}

static int parse_command(const struct key *key, const char *text, void *value, struct err *err)
{
    char **words = text[0] ? command_split(text, err) : NULL;
    if (text[0] && !words)
        return -1;
    command_free(words);
    return parse_string(key, text, value, err);
}

static int parse_environment(const struct key *key, const char *text, void *value, struct err *err)
{
    char **pairs = command_environment(text, err);
    if (!pairs)
        return -1;
    command_free(pairs);
    return parse_string(key, text, value, err);
}

static int print_string(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    return buf_text_append(out, *(char *const *)value);
}

static void copy_string(void *to, const void *from)
{
    store_string(to, *(char *const *)from);
}

static bool equal_string(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

static void finish_string(void *value)
{
    free(*(char **)value);
    *(char **)value = NULL;
}

static const struct key_type_operations operations[] = {
    [KEY_STRING] = {parse_string, print_string, copy_string, equal_string, finish_string},
    [KEY_PATH] = {parse_line, print_string, copy_string, equal_string, finish_string},
    [KEY_NAME] = {parse_line, print_string, copy_string, equal_string, finish_string},
    [KEY_COMMAND] = {parse_command, print_string, copy_string, equal_string, finish_string},
    [KEY_ENVIRONMENT] = {parse_environment, print_string, copy_string, equal_string, finish_string},
    [KEY_INTEGER] = {parse_integer, print_integer, copy_integer, equal_integer, NULL},
    [KEY_BOOLEAN] = {parse_boolean, print_boolean, copy_boolean, equal_boolean, NULL},
    [KEY_DURATION] = {parse_duration, print_duration, copy_integer, equal_integer, NULL},
    [KEY_MEGABYTES] = {parse_megabytes, print_megabytes, copy_integer, equal_integer, NULL},
    [KEY_CHOICE] = {parse_choice, print_choice, copy_choice, equal_choice, NULL},
};

const struct key_type_operations *key_type_of(const struct key *key)
{
    return &operations[key->type];
}
