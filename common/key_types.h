/* SPDX-License-Identifier: MIT */
#ifndef COMMON_KEY_TYPES_H
#define COMMON_KEY_TYPES_H

#include <stdbool.h>

#include "common/keys.h"

/* How a value of each type is read, written and handled: one row a type, for keys.c alone. `value`
 * points to the member of the struct. */
struct key_type_operations {
    /* Returns 0, or -1 with err ("what is wrong; what would be right") and the old value kept. */
    int (*parse)(const struct key *key, const char *text, void *value, struct err *err);
    /* Appends the text that parse reads back. Returns 0, or -1 past the cap. */
    int (*print)(const struct key *key, const void *value, struct buf *out);
    /* What the values may be, for people: a constant text, or a function that appends it and
     * returns 0, or -1 past the cap. */
    const char *values;
    int (*describe)(const struct key *key, struct buf *out);
    void (*copy)(void *to, const void *from);
    bool (*equal)(const void *a, const void *b);
    void (*finish)(void *value); /* NULL where there is nothing to free */
};

/* What is done for the type of a key. Never NULL; constant. */
const struct key_type_operations *key_type_of(const struct key *key);

/* Appends what the values of a key may be. Returns 0, or -1 past the cap. */
int key_type_describe(const struct key *key, struct buf *out);

/* key_numbers.c */
extern const struct key_type_operations key_integer, key_duration, key_megabytes, key_bytes,
    key_processors;
/* key_choices.c */
extern const struct key_type_operations key_boolean, key_choice, key_set;
/* key_texts.c */
extern const struct key_type_operations key_string, key_path, key_name, key_command,
    key_environment, key_ready, key_health;
/* key_system.c */
extern const struct key_type_operations key_octal, key_signal, key_exit_codes, key_user, key_owner,
    key_file, key_directory, key_log_file;

/* key_process.c */
extern const struct key_type_operations key_rlimit, key_ionice, key_env_files, key_env_sources,
    key_sockets, key_whole_path, key_cron, key_zone, key_optional_command, key_daytime,
    key_optional_owner;

/* For the types that are kept as text: takes it where it is UTF-8 without control characters but
 * newline and tab (key_text_line: on one line). Returns 0, or -1 with err. */
int key_text(const char *text, void *value, struct err *err);
int key_text_line(const char *text, void *value, struct err *err);
int key_text_print(const struct key *key, const void *value, struct buf *out);
void key_text_copy(void *to, const void *from);
bool key_text_equal(const void *a, const void *b);
void key_text_finish(void *value);

/* A row for one of them. */
#define KEY_TEXT_TYPE(parser, description)                                                         \
    {                                                                                              \
        .parse = (parser), .print = key_text_print, .values = (description),                       \
        .copy = key_text_copy, .equal = key_text_equal, .finish = key_text_finish                  \
    }

/* Whether a text is a command line, or the name of a user with that of a group or without; "" is
 * either. Returns 0, or -1 with err. */
int key_check_command(const char *text, struct err *err);
int key_check_owner(const char *text, struct err *err);

/* For those that are kept as a text that may be NULL: takes one that has been checked, "" as NULL.
 * Returns 0, or -1 with err where it is more than a line of text. */
int key_optional_store(const char *text, void *value, struct err *err);
int key_optional_print(const struct key *key, const void *value, struct buf *out);
void key_optional_copy(void *to, const void *from);
bool key_optional_equal(const void *a, const void *b);

#define KEY_OPTIONAL_TYPE(parser, description)                                                     \
    {                                                                                              \
        .parse = (parser), .print = key_optional_print, .values = (description),                   \
        .copy = key_optional_copy, .equal = key_optional_equal, .finish = key_text_finish          \
    }

/* For those that are an int. */
void key_int_copy(void *to, const void *from);
bool key_int_equal(const void *a, const void *b);

#endif
