/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_JOB_TEXT_H
#define QUEUE_JOB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/mem.h"
#include "queue/job.h"

/* What the JSON forms of a job share: how its values are written, and how they are read. */

/* An object that is being written. A value that does not fit is noticed at the end. */
struct job_writer {
    struct buf *out;
    bool is_begun; /* a member is there */
    bool is_cut;   /* the buffer's cap was passed */
};

/* Append a member; those of text and slices nothing where there is none. */
void job_write_bytes(struct job_writer *writer, const char *name, const char *text, size_t length);
void job_write_text(struct job_writer *writer, const char *name, const char *text);
void job_write_slice(struct job_writer *writer, const char *name, const struct json_slice *slice);
void job_write_integer(struct job_writer *writer, const char *name, int64_t value);
void job_write_seconds(struct job_writer *writer, const char *name, int64_t ms);

/* The unique members, under these names. */
struct job_unique_names {
    const char *key, *until, *duration;
};
void job_write_unique(struct job_writer *writer, const struct job_unique_names *names,
                      const struct job *job);

/* Begins and ends an object of at least one member. Returns 0, or -1 with err where it did not fit.
 */
void job_write_begin(struct job_writer *writer, struct buf *out);
int job_write_end(struct job_writer *writer, struct err *err);

/* Read the value of a field where it is there, and leave *out where it is not (or is null). Return
 * 0, or -1 with err naming the field. Strings are in the arena; seconds become milliseconds. */
int job_read_text(const struct json_field *field, struct arena *arena, const char **out,
                  struct err *err);
int job_read_integer(const struct json_field *field, int64_t min, int64_t max, int *out,
                     struct err *err);
int job_read_seconds(const struct json_field *field, int64_t max_seconds, int64_t *ms,
                     struct err *err);
int job_read_unique(const struct json_field *key, const struct json_field *until,
                    const struct json_field *duration, struct arena *arena, struct job *job,
                    struct err *err);

/* True where a field has a value that is not null. */
bool job_field_given(const struct json_field *field);

#endif
