/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_XMLRPC_H
#define SUPERVISOR_CONTROL_XMLRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/mem.h"

/*
 * XML-RPC: calls are read with expat into values, answers are written as text, in the form of
 * Python's xmlrpc.client, which Supervisor's clients are used to. No I/O.
 *
 * What is read is bounded: XMLRPC_DEPTH_MAX elements within each other, XMLRPC_VALUES_MAX values,
 * and no document type, so no entities that grow.
 */
#define XMLRPC_DEPTH_MAX  96
#define XMLRPC_VALUES_MAX 100000
#define XMLRPC_CALL_MAX   (4u << 20) /* bytes of a call */

enum xmlrpc_kind {
    XMLRPC_NIL,
    XMLRPC_BOOLEAN,
    XMLRPC_INTEGER,
    XMLRPC_DOUBLE,
    XMLRPC_STRING, /* also what base64 says, which is UTF-8 too, and dates */
    XMLRPC_ARRAY,
    XMLRPC_STRUCT,
};

struct xmlrpc_value {
    enum xmlrpc_kind kind;
    const char *name;           /* as a member of a struct */
    int64_t integer;            /* BOOLEAN: 0 or 1 */
    double number;              /* DOUBLE */
    const char *text;           /* STRING; NUL-terminated, UTF-8 */
    size_t length;              /* STRING: base64 may say that there is a NUL within */
    size_t count;               /* ARRAY, STRUCT */
    struct xmlrpc_value *first; /* ARRAY, STRUCT: chained by next */
    struct xmlrpc_value *last;
    struct xmlrpc_value *next;
};

struct xmlrpc_call {
    const char *method;
    struct xmlrpc_value params; /* an array */
};

/* Reads a methodCall. All that it points to is in the arena. Returns 0, or -1 with err (ERR_INVALID
 * with the line; ERR_LIMIT). */
int xmlrpc_parse_call(const char *text, size_t length, struct arena *arena,
                      struct xmlrpc_call *call, struct err *err);

/* The member of a struct of this name, and the n-th value of an array; NULL where there is none. */
const struct xmlrpc_value *xmlrpc_member(const struct xmlrpc_value *value, const char *name);
const struct xmlrpc_value *xmlrpc_item(const struct xmlrpc_value *value, size_t index);

/*
 * Writing. What passes the cap of the buffer is not there, and the end of the response says so.
 * Characters that XML cannot carry, and bytes that are not UTF-8, become U+FFFD.
 *
 *     struct xmlrpc_writer writer = {.buf = &buf}, *out = &writer;
 *     xmlrpc_begin_response(out);
 *     xmlrpc_begin_struct(out);
 *     xmlrpc_put_name(out, "pid");
 *     xmlrpc_put_integer(out, 42);
 *     xmlrpc_end_name(out);
 *     xmlrpc_end_struct(out);
 *     xmlrpc_end_response(out);
 */
struct xmlrpc_writer {
    struct buf *buf;
    bool full; /* something did not fit */
};

/* The head of a response; one value is put next, and then the end. */
void xmlrpc_begin_response(struct xmlrpc_writer *out);

/* Return 0, or -1 where something did not fit. */
int xmlrpc_end_response(struct xmlrpc_writer *out);

/* A whole response that is a fault. */
int xmlrpc_put_fault_response(struct xmlrpc_writer *out, int code, const char *text);

/* Values: as the whole response, or an element of the array or the member that was begun. */
void xmlrpc_put_boolean(struct xmlrpc_writer *out, bool value);
void xmlrpc_put_integer(struct xmlrpc_writer *out, int64_t value);
void xmlrpc_put_string(struct xmlrpc_writer *out, const char *text, size_t length);
void xmlrpc_put_text(struct xmlrpc_writer *out, const char *text);
void xmlrpc_begin_array(struct xmlrpc_writer *out);
void xmlrpc_end_array(struct xmlrpc_writer *out);
void xmlrpc_begin_struct(struct xmlrpc_writer *out);
void xmlrpc_end_struct(struct xmlrpc_writer *out);
void xmlrpc_put_name(struct xmlrpc_writer *out, const char *name); /* plain letters */
void xmlrpc_end_name(struct xmlrpc_writer *out);

/* A fault as a value, as system.multicall answers it. */
void xmlrpc_put_fault(struct xmlrpc_writer *out, int code, const char *text);

#endif
