/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clean.h"
#include "common/buf.h"
#include "common/json.h"
#include "common/mem.h"

#define JSON_RECORD_MAX (6 * (size_t)JSON_TEXT_MAX) /* a payload whose every byte is escaped */

/* --- for programs --- */

static void json_name(struct buf *out, const char *name)
{
    json_string_append(out, name, strlen(name));
    buf_text_append(out, ":");
}

static void json_members(struct buf *out, const struct fields *fields, bool named);

static void json_value(struct buf *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        buf_text_append(out, "null");
        return;
    case VALUE_TEXT:
        json_string_append(out, value->text, strlen(value->text));
        return;
    case VALUE_NUMBER:
    case VALUE_JSON:
        buf_text_append(out, value->text);
        return;
    case VALUE_OBJECT:
    case VALUE_ARRAY:
        buf_text_append(out, value->kind == VALUE_OBJECT ? "{" : "[");
        json_members(out, value->inner, value->kind == VALUE_OBJECT);
        buf_text_append(out, value->kind == VALUE_OBJECT ? "}" : "]");
    }
}

static void json_members(struct buf *out, const struct fields *fields, bool named)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (i > 0)
            buf_text_append(out, ",");
        if (named)
            json_name(out, fields->values[i].name);
        json_value(out, &fields->values[i]);
    }
}

static void flush(struct buf *out, FILE *file)
{
    fwrite(buf_text(out), 1, out->length, file);
    buf_clear(out);
}

static void json_list(struct buf *out, const struct list *list, FILE *file)
{
    json_name(out, list->name);
    buf_text_append(out, "[");
    for (size_t i = 0; i < list->count; i++) {
        buf_text_append(out, i > 0 ? ",{" : "{");
        json_members(out, list->rows[i], true);
        buf_text_append(out, "}");
        flush(out, file);
    }
    buf_text_append(out, "]");
}

static void print_json(const struct answer *answer, FILE *file)
{
    struct buf out;
    buf_init(&out, JSON_RECORD_MAX);
    buf_text_append(&out, "{");
    json_members(&out, &answer->values, true);
    for (size_t i = 0; i < answer->list_count; i++) {
        if (i > 0 || answer->values.count > 0)
            buf_text_append(&out, ",");
        json_list(&out, &answer->lists[i], file);
    }
    buf_text_append(&out, "}\n");
    flush(&out, file);
    buf_finish(&out);
}

/* --- for people --- */

/* Prints text line by line; all lines but the first are indented. */
static void print_lines(const char *text, int indent, FILE *file)
{
    for (int padding = 0;; padding = indent) {
        size_t length = strcspn(text, "\n");
        char *clean = clean_text(text, length);
        fprintf(file, "%*s%s\n", padding, "", clean);
        free(clean);
        if (text[length] == '\0' || text[length + 1] == '\0')
            return;
        text += length + 1;
    }
}

static char *text_of(const struct value *value);

/* "name value, name value" of an object, "value, value" of an array. */
static char *inner_text(const struct value *value)
{
    struct buf out;
    buf_init(&out, JSON_RECORD_MAX);
    for (size_t i = 0; i < value->inner->count; i++) {
        char *text = text_of(&value->inner->values[i]);
        bool named = value->kind == VALUE_OBJECT;
        buf_printf(&out, "%s%s%s%s", i > 0 ? ", " : "", named ? value->inner->values[i].name : "",
                   named ? " " : "", text);
        free(text);
    }
    return out.length ? buf_steal(&out) : mem_strdup("-");
}

/* What people read, before it is cleaned. malloc'd. */
static char *text_of(const struct value *value)
{
    if (value->inner)
        return inner_text(value);
    return mem_strdup(value->kind == VALUE_NULL ? "-" : value->text);
}

static void print_values(const struct fields *fields, FILE *file)
{
    int width = 0;
    for (size_t i = 0; i < fields->count; i++)
        if ((int)strlen(fields->values[i].name) > width)
            width = (int)strlen(fields->values[i].name);
    for (size_t i = 0; i < fields->count; i++) {
        fprintf(file, "%-*s  ", width, fields->values[i].name);
        char *text = text_of(&fields->values[i]);
        print_lines(text, width + 2, file);
        free(text);
    }
}

/* The columns are those of the first row. The last one is cut where the terminal is too narrow. */
static void add_columns(struct libscols_table *table, const struct fields *row)
{
    for (size_t i = 0; i < row->count; i++) {
        int flags = row->values[i].kind == VALUE_NUMBER ? SCOLS_FL_RIGHT : 0;
        if (i + 1 == row->count)
            flags |= SCOLS_FL_TRUNC;
        scols_table_new_column(table, row->values[i].name, 0, flags);
    }
}

static void add_row(struct libscols_table *table, const struct fields *row)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    for (size_t i = 0; line && i < row->count; i++) {
        char *text = text_of(&row->values[i]);
        char *clean = clean_text(text, strlen(text));
        free(text);
        if (scols_line_refer_data(line, i, clean) != 0)
            free(clean);
    }
}

static void print_table(const struct list *list, FILE *file)
{
    if (list->count == 0)
        return;
    struct libscols_table *table = scols_new_table();
    if (!table)
        abort();
    scols_table_set_stream(table, file);
    add_columns(table, list->rows[0]);
    for (size_t i = 0; i < list->count; i++)
        add_row(table, list->rows[i]);
    scols_print_table(table);
    scols_unref_table(table);
}

static void print_text(const struct answer *answer, FILE *file)
{
    for (size_t i = 0; i < answer->line_count; i++)
        print_lines(answer->lines[i], 0, file);
    if (answer->line_count == 0)
        print_values(&answer->values, file);
    for (size_t i = 0; i < answer->list_count; i++) {
        if (answer->lists[i].count > 0 && (i > 0 || answer->line_count + answer->values.count > 0))
            fputc('\n', file);
        print_table(&answer->lists[i], file);
    }
}

int output_answer(const struct answer *answer, bool json, FILE *out, struct err *err)
{
    if (json)
        print_json(answer, out);
    else
        print_text(answer, out);
    if (fflush(out) != 0 || ferror(out))
        return err_errno(err, errno, "cannot write the answer");
    return 0;
}

/* --- standard error --- */

static void error_json(const struct err *err)
{
    struct buf out;
    buf_init(&out, 8 * ERR_TEXT_MAX);
    buf_printf(&out, "{\"error\":{\"code\":\"%s\",\"message\":", err_code_name(err->code));
    json_string_append(&out, err->text, strlen(err->text));
    fprintf(stderr, "%s}}\n", buf_text(&out));
    buf_finish(&out);
}

void output_error(const struct err *err, const char *command, bool json)
{
    if (json)
        error_json(err);
    else if (command)
        output_note("%s: %s", command, err->text);
    else
        output_note("%s", err->text);
}

void output_note(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        abort();
    char *clean = clean_text(text, (size_t)length);
    fprintf(stderr, "muster: %s\n", clean);
    free(clean);
    free(text);
}
