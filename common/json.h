/* SPDX-License-Identifier: MIT */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/mem.h"

/*
 * JSON, in two parts. The scanner checks a text strictly (RFC 8259, UTF-8, no \u0000, bounded depth and
 * size) and finds members as slices of it without building anything: a job's data is passed on as the bytes
 * that it came as. The tree is cJSON's, for documents that are looked into; cJSON alone accepts trailing
 * rubbish, bad UTF-8 and "01", cuts strings at \u0000 and ignores case, so nothing reaches it unscanned.
 */
#define JSON_TEXT_MAX  (16u << 20) /* the longest text that is read, in bytes */
#define JSON_DEPTH_MAX 128         /* the deepest nesting */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A part of a scanned text; not NUL-terminated, does not own its memory. text is NULL where there is none. */
struct json_slice {
    const char *text;
    size_t length;
    enum json_kind kind;
};

/* One wanted member of an object, and where its value was found. */
struct json_field {
    const char *name;
    struct json_slice value; /* out: value.text is NULL where the object has no such member */
};

/* Checks one whole text (white space around it is allowed) and tells its extent and kind. Returns 0, or -1
 * with err: ERR_LIMIT past size or depth, ERR_INVALID with the byte offset of what is wrong. */
int json_scan(const char *text, size_t length, struct json_slice *value, struct err *err);

/* Checks a text that must be an object, and fills the wanted fields; other members are checked and passed
 * over. A wanted member that occurs twice is refused. Returns 0, or -1 with err. */
int json_scan_object(const char *text, size_t length, struct json_field *fields, size_t count,
                     struct err *err);

/* The same, where only the wanted members may be there: any other is refused by its name. */
int json_scan_object_only(const char *text, size_t length, struct json_field *fields, size_t count,
                          struct err *err);

/* Checks a text that must be an array, and calls each for one element after the other; it returns 0 to go
 * on, or -1 with err. Returns 0, or -1 with err. */
typedef int (*json_element_fn)(void *context, const struct json_slice *element, struct err *err);
int json_scan_array(const char *text, size_t length, json_element_fn each, void *context,
                    struct err *err);

/* Values of slices. Each returns 0, or -1 with err naming `what` where the kind or the range is wrong.
 * json_slice_string decodes escapes into arena memory. */
int json_slice_integer(const struct json_slice *value, const char *what, int64_t min, int64_t max,
                       int64_t *out, struct err *err);
int json_slice_number(const struct json_slice *value, const char *what, double *out,
                      struct err *err);
int json_slice_bool(const struct json_slice *value, const char *what, bool *out, struct err *err);
int json_slice_string(const struct json_slice *value, const char *what, struct arena *arena,
                      char **out, struct err *err);

/* True where the slice is the JSON string of exactly this text (which needs no escapes). */
bool json_slice_is(const struct json_slice *value, const char *text);

/* Appends text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD, so the result is
 * always valid. Returns 0, or -1 where the buffer's cap would be passed. */
int json_string_append(struct buf *out, const char *text, size_t length);

/* Replaces the line breaks of a scanned text by spaces, in place. They can only stand between tokens, so the
 * value is the same, and the text now fits on one line of a protocol. */
void json_join_lines(char *text, size_t length);

/* Parses a scanned text into a tree that the caller deletes with cJSON_Delete. NULL with err on failure. */
cJSON *json_parse(const char *text, size_t length, struct err *err);

/* The member of exactly this name, NULL where there is none; and its value of the wanted kind, or the
 * fallback where it is missing or of another kind. Strings belong to the tree. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_get_string(const cJSON *object, const char *name, const char *fallback);
int64_t json_get_integer(const cJSON *object, const char *name, int64_t fallback);
bool json_get_bool(const cJSON *object, const char *name, bool fallback);

/* Add a member: a text (NULL: null), a number, a time in milliseconds (0: null). */
void json_put_text(cJSON *object, const char *name, const char *text);
void json_put_number(cJSON *object, const char *name, double value);
void json_put_time(cJSON *object, const char *name, int64_t wall_ms);

#endif
