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

static int describe_range(const struct key *key, struct buf *out)
{
    const struct key_type_operations *type = key_type_of(key);
    if (type->print(key, &key->min, out) < 0 || buf_text_append(out, " to ") < 0)
        return -1;
    return type->print(key, &key->max, out);
}

static int describe_choices(const struct key *key, struct buf *out)
{
    int result = buf_text_append(out, "one of ");
    for (int i = 0; key->choices[i] && result == 0; i++)
        result = buf_printf(out, "%s%.*s", i ? ", " : "", (int)strcspn(key->choices[i], "|"),
                            key->choices[i]);
    return result;
}

/* A constant text for the types whose values need no more. */
static int describe_text(const struct key *key, struct buf *out)
{
    static const char *const texts[] = {
        [KEY_STRING] = "text",
        [KEY_PATH] = "a path, relative to the file",
        [KEY_NAME] = "a name",
        [KEY_COMMAND] = "a program and its arguments",
        [KEY_ENVIRONMENT] = "NAME=value,NAME=\"value\"",
        [KEY_BOOLEAN] = "yes or no",
    };
    return buf_text_append(out, texts[key->type]);
}

static int describe_duration(const struct key *key, struct buf *out)
{
    return describe_range(key, out) < 0 ? -1
                                        : buf_text_append(out, " (seconds, or 10ms 1m30s 2h 1d)");
}

static int describe_megabytes(const struct key *key, struct buf *out)
{
    return describe_range(key, out) < 0 ? -1 : buf_text_append(out, " (MB, or 512KB 64MB 1GB)");
}

static int out_of_range(const struct key *key, struct err *err)
{
    struct buf range;
    buf_init(&range, 200);
    key_type_of(key)->describe(key, &range);
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
    for (int i = 0; key->choices[i]; i++) {
        if (choice_has_name(key->choices[i], text)) {
            *(int *)value = i;
            return 0;
        }
    }
    struct buf known;
    buf_init(&known, ERR_TEXT_MAX / 2);
    describe_choices(key, &known);
    err_set(err, ERR_INVALID, "\"%.80s\" is not one of its values; write %s", text,
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

#define STRING_TYPE(parser)                                                                        \
    {                                                                                              \
        .parse = (parser), .print = print_string, .describe = describe_text, .copy = copy_string,  \
        .equal = equal_string, .finish = finish_string                                             \
    }
#define INTEGER_TYPE(name, description)                                                            \
    {                                                                                              \
        .parse = parse_##name, .print = print_##name, .describe = (description),                   \
        .copy = copy_integer, .equal = equal_integer                                               \
    }

static const struct key_type_operations operations[] = {
    [KEY_STRING] = STRING_TYPE(parse_string),
    [KEY_PATH] = STRING_TYPE(parse_line),
    [KEY_NAME] = STRING_TYPE(parse_line),
    [KEY_COMMAND] = STRING_TYPE(parse_command),
    [KEY_ENVIRONMENT] = STRING_TYPE(parse_environment),
    [KEY_INTEGER] = INTEGER_TYPE(integer, describe_range),
    [KEY_DURATION] = INTEGER_TYPE(duration, describe_duration),
    [KEY_MEGABYTES] = INTEGER_TYPE(megabytes, describe_megabytes),
    [KEY_BOOLEAN] = {.parse = parse_boolean,
                     .print = print_boolean,
                     .describe = describe_text,
                     .copy = copy_boolean,
                     .equal = equal_boolean},
    [KEY_CHOICE] = {.parse = parse_choice,
                    .print = print_choice,
                    .describe = describe_choices,
                    .copy = copy_choice,
                    .equal = equal_choice},
};

const struct key_type_operations *key_type_of(const struct key *key)
{
    return &operations[key->type];
}
