/* SPDX-License-Identifier: MIT */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a command answers: named values, and lists of rows of named values. It is the one source
 * of the text for people and of the JSON for programs (cli/output.h).
 *
 * Names are string constants; texts are copied.
 */
enum value_kind {
    VALUE_NULL,
    VALUE_TEXT,   /* a JSON string */
    VALUE_NUMBER, /* text is its JSON form; flush right in tables */
    VALUE_JSON,   /* a boolean, or any other JSON as it is */
    VALUE_OBJECT, /* a fields within */
    VALUE_ARRAY,  /* likewise, without names */
};

struct value {
    const char *name;
    enum value_kind kind;
    char *text;           /* NULL for VALUE_NULL and those with a fields within */
    struct fields *inner; /* VALUE_OBJECT, VALUE_ARRAY */
};

struct fields {
    struct value *values;
    size_t count;
};

struct list {
    const char *name;
    struct fields **rows;
    size_t count;
};

struct answer {
    struct fields values;
    struct list *lists;
    size_t list_count;
    char **lines; /* for people, in place of the values */
    size_t line_count;
};

/* Frees what an answer holds; an answer begins as zeroed memory. */
void answer_finish(struct answer *answer);

/* Opens a list; answer_row adds an empty fields to the list that was opened last. Borrowed. */
void answer_list(struct answer *answer, const char *name);
struct fields *answer_row(struct answer *answer);

/* A line for people, printed in place of the answer's values; programs do not see it. */
void answer_line(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append a value to a fields. */
void fields_text(struct fields *fields, const char *name, const char *text); /* NULL: null */
void fields_integer(struct fields *fields, const char *name, int64_t value);
void fields_number(struct fields *fields, const char *name, double value); /* one decimal */
void fields_boolean(struct fields *fields, const char *name, bool value);
void fields_null(struct fields *fields, const char *name);
void fields_json(struct fields *fields, const char *name, const char *json); /* checked JSON */

/* Append an object or an array and return it to be filled. In an array names are ignored. */
struct fields *fields_object(struct fields *fields, const char *name);
struct fields *fields_array(struct fields *fields, const char *name);

/* An array of texts from a NULL-terminated one. */
void fields_texts(struct fields *fields, const char *name, const char *const *texts);

/* "YYYY-MM-DD HH:MM:SS", null for 0. */
void fields_time(struct fields *fields, const char *name, int64_t wall_ms);

#endif
