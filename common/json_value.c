/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_string.h"

/* A double keeps whole numbers up to here. */
#define EXACT_MAX 9007199254740992.0

/* Longer numbers are not worth their reading. */
#define NUMBER_TEXT_MAX 400

static int refuse_range(const char *what, int64_t min, int64_t max, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s must be a whole number from %lld to %lld", what,
                   (long long)min, (long long)max);
}

/* Reads -?[0-9]+ and nothing else. */
static bool read_integer(const struct json_slice *value, int64_t *out)
{
    const char *at = value->text, *end = at + value->length;
    bool is_negative = *at == '-';
    int64_t number = 0;
    for (at += is_negative; at < end; at++) {
        int digit = *at - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return false;
    }
    /* Summed up below zero, where there is one number more. */
    return !__builtin_mul_overflow(number, is_negative ? 1 : -1, out);
}

int json_slice_integer(const struct json_slice *value, const char *what, int64_t min, int64_t max,
                       int64_t *out, struct err *err)
{
    int64_t number;
    if (!value->text || value->kind != JSON_NUMBER || !read_integer(value, &number) ||
        number < min || number > max)
        return refuse_range(what, min, max, err);
    *out = number;
    return 0;
}

/* strtod with a point in every locale. */
static double read_number(const char *text)
{
    static locale_t plain;
    if (!plain)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return strtod_l(text, NULL, plain);
}

int json_slice_number(const struct json_slice *value, const char *what, double *out,
                      struct err *err)
{
    char text[NUMBER_TEXT_MAX + 1];
    if (!value->text || value->kind != JSON_NUMBER)
        return err_set(err, ERR_INVALID, "%s must be a number", what);
    if (value->length > NUMBER_TEXT_MAX)
        return err_set(err, ERR_INVALID, "%s has more than %d digits", what, NUMBER_TEXT_MAX);
    memcpy(text, value->text, value->length);
    text[value->length] = '\0';
    double number = read_number(text);
    if (!isfinite(number))
        return err_set(err, ERR_INVALID, "%s is too large a number", what);
    *out = number;
    return 0;
}

int json_slice_bool(const struct json_slice *value, const char *what, bool *out, struct err *err)
{
    if (!value->text || value->kind != JSON_BOOL)
        return err_set(err, ERR_INVALID, "%s must be true or false", what);
    *out = *value->text == 't';
    return 0;
}

int json_slice_string(const struct json_slice *value, const char *what, struct arena *arena,
                      char **out, struct err *err)
{
    if (!value->text || value->kind != JSON_STRING)
        return err_set(err, ERR_INVALID, "%s must be a string", what);
    size_t length = value->length - 2;
    char *text = arena_alloc(arena, length + 1);
    text[json_decode(value->text + 1, length, text)] = '\0';
    *out = text;
    return 0;
}

bool json_slice_is(const struct json_slice *value, const char *text)
{
    size_t length = strlen(text);
    return value->text && value->kind == JSON_STRING && value->length == length + 2 &&
           memcmp(value->text + 1, text, length) == 0;
}

static void replace_all(char *text, size_t length, char from, char to)
{
    char *end = text + length;
    while ((text = memchr(text, from, (size_t)(end - text))))
        *text++ = to;
}

void json_join_lines(char *text, size_t length)
{
    replace_all(text, length, '\n', ' ');
    replace_all(text, length, '\r', ' ');
}

cJSON *json_parse(const char *text, size_t length, struct err *err)
{
    struct json_slice value;
    if (json_scan(text, length, &value, err) < 0)
        return NULL;
    cJSON *tree = cJSON_ParseWithLength(value.text, value.length);
    if (!tree)
        err_set(err, ERR_SYSTEM, "no memory for JSON of %zu bytes", length);
    return tree;
}

const cJSON *json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_get_string(const cJSON *object, const char *name, const char *fallback)
{
    const cJSON *member = json_get(object, name);
    return cJSON_IsString(member) ? member->valuestring : fallback;
}

int64_t json_get_integer(const cJSON *object, const char *name, int64_t fallback)
{
    const cJSON *member = json_get(object, name);
    if (!cJSON_IsNumber(member) || fabs(member->valuedouble) > EXACT_MAX ||
        member->valuedouble != (double)(int64_t)member->valuedouble)
        return fallback;
    return (int64_t)member->valuedouble;
}

bool json_get_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *member = json_get(object, name);
    return cJSON_IsBool(member) ? cJSON_IsTrue(member) : fallback;
}

void json_put_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

void json_put_number(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, value);
}

void json_put_time(cJSON *object, const char *name, int64_t wall_ms)
{
    if (wall_ms > 0)
        json_put_number(object, name, (double)wall_ms);
    else
        cJSON_AddNullToObject(object, name);
}
