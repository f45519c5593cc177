/* SPDX-License-Identifier: MIT */
#include "cli/answer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"

/* --- named values --- */

static void fields_add(struct fields *fields, const char *name, enum value_kind kind, char *text)
{
    fields->values = mem_resize(fields->values, fields->count + 1, sizeof *fields->values);
    fields->values[fields->count++] = (struct value){name, kind, text, NULL};
}

static void fields_finish(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        struct value *value = &fields->values[i];
        free(value->text);
        if (value->inner)
            fields_finish(value->inner);
        free(value->inner);
    }
    free(fields->values);
}

static struct fields *fields_add_inner(struct fields *fields, const char *name,
                                       enum value_kind kind)
{
    struct fields *inner = mem_new(1, sizeof *inner);
    fields_add(fields, name, kind, NULL);
    fields->values[fields->count - 1].inner = inner;
    return inner;
}

void fields_null(struct fields *fields, const char *name)
{
    fields_add(fields, name, VALUE_NULL, NULL);
}

void fields_text(struct fields *fields, const char *name, const char *text)
{
    if (text)
        fields_add(fields, name, VALUE_TEXT, mem_strdup(text));
    else
        fields_null(fields, name);
}

void fields_integer(struct fields *fields, const char *name, int64_t value)
{
    fields_add(fields, name, VALUE_NUMBER, mem_printf("%" PRId64, value));
}

void fields_number(struct fields *fields, const char *name, double value)
{
    if (isfinite(value))
        fields_add(fields, name, VALUE_NUMBER, mem_printf("%.1f", value));
    else
        fields_null(fields, name);
}

void fields_boolean(struct fields *fields, const char *name, bool value)
{
    fields_json(fields, name, value ? "true" : "false");
}

void fields_json(struct fields *fields, const char *name, const char *json)
{
    fields_add(fields, name, VALUE_JSON, mem_strdup(json));
}

void fields_time(struct fields *fields, const char *name, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    fields_text(fields, name, wall_ms ? clock_format(wall_ms, text) : NULL);
}

struct fields *fields_object(struct fields *fields, const char *name)
{
    return fields_add_inner(fields, name, VALUE_OBJECT);
}

struct fields *fields_array(struct fields *fields, const char *name)
{
    return fields_add_inner(fields, name, VALUE_ARRAY);
}

void fields_texts(struct fields *fields, const char *name, const char *const *texts)
{
    struct fields *array = fields_array(fields, name);
    for (; *texts; texts++)
        fields_text(array, NULL, *texts);
}

/* --- the answer --- */

void answer_list(struct answer *answer, const char *name)
{
    answer->lists = mem_resize(answer->lists, answer->list_count + 1, sizeof *answer->lists);
    answer->lists[answer->list_count++] = (struct list){.name = name};
}

struct fields *answer_row(struct answer *answer)
{
    assert(answer->list_count > 0);
    struct list *list = &answer->lists[answer->list_count - 1];
    list->rows = mem_resize(list->rows, list->count + 1, sizeof(struct fields *));
    struct fields *row = mem_new(1, sizeof *row);
    list->rows[list->count++] = row;
    return row;
}

void answer_line(struct answer *answer, const char *format, ...)
{
    char *line;
    va_list args;
    va_start(args, format);
    if (vasprintf(&line, format, args) < 0)
        abort();
    va_end(args);
    answer->lines = mem_resize(answer->lines, answer->line_count + 1, sizeof(char *));
    answer->lines[answer->line_count++] = line;
}

static void list_finish(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fields_finish(list->rows[i]);
        free(list->rows[i]);
    }
    free(list->rows);
}

void answer_finish(struct answer *answer)
{
    fields_finish(&answer->values);
    for (size_t i = 0; i < answer->list_count; i++)
        list_finish(&answer->lists[i]);
    free(answer->lists);
    for (size_t i = 0; i < answer->line_count; i++)
        free(answer->lines[i]);
    free(answer->lines);
    memset(answer, 0, sizeof *answer);
}
