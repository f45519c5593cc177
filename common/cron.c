/* SPDX-License-Identifier: MIT */
#include "common/cron.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD_COUNT    5
#define YEARS_SEARCHED 10
#define WEEKDAYS       7
#define NAME_LENGTH    3
#define NUMBER_DIGITS  4

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

/* The fields in their order. */
static const struct field {
    const char *name;
    int min, max;
    const char *const *names; /* of min, min + 1, …; NULL where it has none */
} fields[FIELD_COUNT] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day", 1, 31, NULL},
    {"month", 1, 12, month_names},
    {"weekday", 0, 7, weekday_names},
};
enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY };

static const struct {
    const char *name, *expression;
} nicknames[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* --- Reading --- */

/* What is being read: one field of an expression. */
struct reader {
    const struct field *field;
    const char *at;
};

static int refuse(const struct reader *reader, const char *what, struct err *err)
{
    const struct field *field = reader->field;
    return err_set(err, ERR_INVALID, "%s: %s at \"%.20s\"; write %d to %d%s, *, a-b, a,b or */n",
                   field->name, what, reader->at, field->min, field->max,
                   field->names ? " or a name" : "");
}

/* A name of three letters as its number, or -1. */
static int read_name(struct reader *reader)
{
    const struct field *field = reader->field;
    for (int i = 0; field->names && field->names[i]; i++) {
        if (strncasecmp(field->names[i], reader->at, NAME_LENGTH) != 0)
            continue;
        reader->at += NAME_LENGTH;
        return field->min + i;
    }
    return -1;
}

/* Digits as a number, or -1 where there are none or too many. */
static int read_digits(struct reader *reader)
{
    int number = 0, digits = 0;
    for (; isdigit((unsigned char)*reader->at) && digits < NUMBER_DIGITS; digits++)
        number = number * 10 + (*reader->at++ - '0');
    return digits > 0 && !isdigit((unsigned char)*reader->at) ? number : -1;
}

static int read_value(struct reader *reader, int *value, struct err *err)
{
    const struct reader before = *reader;
    int number = isalpha((unsigned char)*reader->at) ? read_name(reader) : read_digits(reader);
    if (number < reader->field->min || number > reader->field->max)
        return refuse(&before, "no value of this field", err);
    *value = number;
    return 0;
}

static int read_step(struct reader *reader, int *step, struct err *err)
{
    const struct reader before = *reader;
    reader->at++;
    *step = read_digits(reader);
    return *step >= 1 ? 0 : refuse(&before, "no step", err);
}

/* "*", "a" or "a-b", each with "/n". A step behind one value goes on to the field's end. */
static int read_item(struct reader *reader, uint64_t *set, struct err *err)
{
    const struct reader before = *reader;
    int first = reader->field->min, last = reader->field->max, step = 1;
    if (*reader->at == '*') {
        reader->at++;
    } else {
        if (read_value(reader, &first, err) < 0)
            return -1;
        last = first;
        if (*reader->at == '-') {
            reader->at++;
            if (read_value(reader, &last, err) < 0)
                return -1;
        } else if (*reader->at == '/') {
            last = reader->field->max;
        }
    }
    if (last < first)
        return refuse(&before, "a range that runs backwards", err);
    if (*reader->at == '/' && read_step(reader, &step, err) < 0)
        return -1;
    for (int value = first; value <= last; value += step)
        *set |= UINT64_C(1) << value;
    return 0;
}

static int read_field(struct reader *reader, uint64_t *set, struct err *err)
{
    *set = 0;
    for (;;) {
        if (read_item(reader, set, err) < 0)
            return -1;
        if (*reader->at != ',')
            break;
        reader->at++;
    }
    if (*reader->at && !isspace((unsigned char)*reader->at))
        return refuse(reader, "a stray character", err);
    return 0;
}

static const char *skip_space(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *expand_nickname(const char *text)
{
    for (size_t i = 0; i < sizeof nicknames / sizeof nicknames[0]; i++)
        if (strcasecmp(nicknames[i].name, text) == 0)
            return nicknames[i].expression;
    return text;
}

static int read_fields(const char *text, uint64_t sets[FIELD_COUNT], bool *stars, struct err *err)
{
    const char *at = skip_space(expand_nickname(text));
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (*at == '\0')
            return err_set(err, ERR_INVALID,
                           "\"%.80s\" has %d fields; write five: minute hour day month weekday",
                           text, i);
        struct reader reader = {&fields[i], at};
        stars[i] = *at == '*';
        if (read_field(&reader, &sets[i], err) < 0)
            return -1;
        at = skip_space(reader.at);
    }
    if (*at)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" goes on behind its five fields with \"%.20s\"; write minute hour "
                       "day month weekday",
                       text, at);
    return 0;
}

int cron_parse(const char *text, struct cron *cron, struct err *err)
{
    uint64_t sets[FIELD_COUNT];
    bool stars[FIELD_COUNT];
    if (strlen(text) > CRON_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "a cron expression of more than %d characters",
                       CRON_TEXT_MAX);
    if (read_fields(text, sets, stars, err) < 0)
        return -1;
    bool sunday = sets[WEEKDAY] & (1u | 1u << WEEKDAYS);
    *cron = (struct cron){
        .minutes = sets[MINUTE],
        .hours = (uint32_t)sets[HOUR],
        .days = (uint32_t)sets[DAY],
        .months = (uint32_t)sets[MONTH],
        .weekdays = ((uint32_t)sets[WEEKDAY] & 0x7eu) | (sunday ? 1u : 0u),
        .either_day = !stars[DAY] && !stars[WEEKDAY],
    };
    return 0;
}

int cron_parse_daytime(const char *text, struct cron *cron, struct err *err)
{
    static const char *const words[] = {"@hourly", "@daily", "@weekly", "@monthly"};
    char expression[CRON_TEXT_MAX];
    int hour = 0, minute = 0, length = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i] + 1, text) == 0)
            return cron_parse(words[i], cron, err);
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &length) == 2 && text[length] == '\0') {
        snprintf(expression, sizeof expression, "%d %d * * *", minute, hour);
        return cron_parse(expression, cron, err);
    }
    return cron_parse(text, cron, err);
}

/* --- Asking --- */

static bool has(uint64_t set, int value)
{
    return set >> value & 1;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const int days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 2 && is_leap(year));
}

/* Sakamoto's: 0 is Sunday. */
static int weekday_of(int year, int month, int day)
{
    static const int shifts[] = {0, 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    int y = month < 3 ? year - 1 : year;
    return (y + y / 4 - y / 100 + y / 400 + shifts[month] + day) % WEEKDAYS;
}

static bool day_matches(const struct cron *cron, int year, int month, int day)
{
    bool day_fits = has(cron->days, day);
    bool weekday_fits = has(cron->weekdays, weekday_of(year, month, day));
    return cron->either_day ? day_fits || weekday_fits : day_fits && weekday_fits;
}

bool cron_matches(const struct cron *cron, const struct tm *time)
{
    int month = time->tm_mon + 1;
    return has(cron->minutes, time->tm_min) && has(cron->hours, time->tm_hour) &&
           has(cron->months, month) &&
           day_matches(cron, time->tm_year + 1900, month, time->tm_mday);
}

/* A place in the calendar; each part that moves on puts those below it back to their beginning. */
struct place {
    int year, month, day, hour, minute;
};

static void next_month(struct place *at)
{
    bool new_year = at->month == 12;
    *at = (struct place){at->year + new_year, new_year ? 1 : at->month + 1, 1, 0, 0};
}

static void next_day(struct place *at)
{
    if (at->day >= days_in(at->year, at->month))
        next_month(at);
    else
        *at = (struct place){at->year, at->month, at->day + 1, 0, 0};
}

static void next_hour(struct place *at)
{
    if (at->hour >= 23)
        next_day(at);
    else
        *at = (struct place){at->year, at->month, at->day, at->hour + 1, 0};
}

static void next_minute(struct place *at)
{
    if (at->minute >= 59)
        next_hour(at);
    else
        at->minute++;
}

/* The step that the largest part which does not match needs; NULL where all match. */
static void (*step_from(const struct cron *cron, const struct place *at))(struct place *at)
{
    if (!has(cron->months, at->month))
        return next_month;
    if (!day_matches(cron, at->year, at->month, at->day))
        return next_day;
    if (!has(cron->hours, at->hour))
        return next_hour;
    return has(cron->minutes, at->minute) ? NULL : next_minute;
}

bool cron_next(const struct cron *cron, const struct tm *after, struct tm *next)
{
    struct place at = {after->tm_year + 1900, after->tm_mon + 1, after->tm_mday, after->tm_hour,
                       after->tm_min};
    int last_year = at.year + YEARS_SEARCHED;
    next_minute(&at);
    for (void (*step)(struct place *); (step = step_from(cron, &at)); step(&at))
        if (at.year > last_year)
            return false;
    *next = (struct tm){
        .tm_year = at.year - 1900,
        .tm_mon = at.month - 1,
        .tm_mday = at.day,
        .tm_hour = at.hour,
        .tm_min = at.minute,
        .tm_wday = weekday_of(at.year, at.month, at.day),
        .tm_isdst = -1,
    };
    return true;
}
