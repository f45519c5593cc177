/* SPDX-License-Identifier: MIT */
#include "queue/job_text.h"

#include <inttypes.h>
#include <string.h>

/* Names of enum unique_until in JSON; a time is written as a number. */
static const char *const until_names[] = {[UNIQUE_DONE] = "done", [UNIQUE_STARTED] = "started"};

/* --- writing --- */

static void append(struct job_writer *writer, int result)
{
    writer->is_cut = writer->is_cut || result < 0;
}

static void append_name(struct job_writer *writer, const char *name)
{
    append(writer, buf_append(writer->out, writer->is_begun ? ",\"" : "{\"", 2));
    append(writer, buf_text_append(writer->out, name));
    append(writer, buf_append(writer->out, "\":", 2));
    writer->is_begun = true;
}

void job_write_bytes(struct job_writer *writer, const char *name, const char *text, size_t length)
{
    append_name(writer, name);
    append(writer, json_string_append(writer->out, text, length));
}

void job_write_text(struct job_writer *writer, const char *name, const char *text)
{
    if (text)
        job_write_bytes(writer, name, text, strlen(text));
}

void job_write_slice(struct job_writer *writer, const char *name, const struct json_slice *slice)
{
    if (!slice->text)
        return;
    append_name(writer, name);
    append(writer, buf_append(writer->out, slice->text, slice->length));
}

/* By hand, since every payload has several and printf costs more than the rest of it. */
static void append_integer(struct job_writer *writer, int64_t value)
{
    char digits[20];
    char *at = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--at = '-';
    append(writer, buf_append(writer->out, at, (size_t)(digits + sizeof digits - at)));
}

void job_write_integer(struct job_writer *writer, const char *name, int64_t value)
{
    append_name(writer, name);
    append_integer(writer, value);
}

void job_write_seconds(struct job_writer *writer, const char *name, int64_t ms)
{
    append_name(writer, name);
    append_integer(writer, ms / 1000);
    if (ms % 1000 != 0)
        append(writer, buf_printf(writer->out, ".%03d", (int)(ms % 1000)));
}

void job_write_unique(struct job_writer *writer, const struct job_unique_names *names,
                      const struct job *job)
{
    if (!job->unique_key)
        return;
    job_write_text(writer, names->key, job->unique_key);
    if (job->unique_until == UNIQUE_TIME)
        job_write_seconds(writer, names->duration, job->unique_ms);
    else
        job_write_text(writer, names->until, until_names[job->unique_until]);
}

void job_write_begin(struct job_writer *writer, struct buf *out)
{
    *writer = (struct job_writer){.out = out};
}

int job_write_end(struct job_writer *writer, struct err *err)
{
    append(writer, buf_append(writer->out, "}", 1));
    if (writer->is_cut)
        return err_set(err, ERR_LIMIT, "the job is longer than %zu bytes", writer->out->cap);
    return 0;
}

/* --- reading --- */

bool job_field_given(const struct json_field *field)
{
    return field->value.text && field->value.kind != JSON_NULL;
}

int job_read_text(const struct json_field *field, struct arena *arena, const char **out,
                  struct err *err)
{
    char *text;
    if (!job_field_given(field))
        return 0;
    if (json_slice_string(&field->value, field->name, arena, &text, err) < 0)
        return -1;
    *out = text;
    return 0;
}

int job_read_integer(const struct json_field *field, int64_t min, int64_t max, int *out,
                     struct err *err)
{
    int64_t number;
    if (!job_field_given(field))
        return 0;
    if (json_slice_integer(&field->value, field->name, min, max, &number, err) < 0)
        return -1;
    *out = (int)number;
    return 0;
}

int job_read_seconds(const struct json_field *field, int64_t max_seconds, int64_t *ms,
                     struct err *err)
{
    double seconds;
    if (!job_field_given(field))
        return 0;
    if (json_slice_number(&field->value, field->name, &seconds, err) < 0)
        return -1;
    if (seconds < 0 || seconds > (double)max_seconds)
        return err_set(err, ERR_INVALID, "%s must be a number of seconds from 0 to %" PRId64,
                       field->name, max_seconds);
    *ms = (int64_t)(seconds * 1000 + 0.5);
    return 0;
}

static int read_until(const struct json_field *field, enum unique_until *until, struct err *err)
{
    for (int i = UNIQUE_DONE; i <= UNIQUE_STARTED; i++) {
        if (!json_slice_is(&field->value, until_names[i]))
            continue;
        *until = (enum unique_until)i;
        return 0;
    }
    return err_set(err, ERR_INVALID, "%s must be \"done\" or \"started\"", field->name);
}

int job_read_unique(const struct json_field *key, const struct json_field *until,
                    const struct json_field *duration, struct arena *arena, struct job *job,
                    struct err *err)
{
    if (job_read_text(key, arena, &job->unique_key, err) < 0)
        return -1;
    if (job->unique_key)
        job->unique_until = UNIQUE_DONE;
    if (job_field_given(until) && job_field_given(duration))
        return err_set(err, ERR_INVALID, "give %s or %s, not both", until->name, duration->name);
    if (job_field_given(duration)) {
        job->unique_until = UNIQUE_TIME;
        return job_read_seconds(duration, JOB_DELAY_MAX, &job->unique_ms, err);
    }
    return job_field_given(until) ? read_until(until, &job->unique_until, err) : 0;
}
