/* SPDX-License-Identifier: MIT */
#include "queue/job_class.h"

#include <string.h>

#include <sha2.h>

#include "common/template.h"

#define KEY_CAP    (1u << 20) /* of a key before it is shortened */
#define DIGEST_HEX (SHA256_DIGEST_STRING_LENGTH - 1)

/* --- unique keys --- */

static int put_digest(struct buf *out, const char *text, size_t length)
{
    char hex[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)text, length, hex);
    return buf_append(out, hex, DIGEST_HEX);
}

/* The value at a path of names, a.b.c. Returns 0, or -1 with err where there is none. */
static int find_member(const struct json_slice *data, const char *path, size_t length,
                       struct json_slice *value, struct err *err)
{
    *value = *data;
    for (const char *at = path, *end = path + length; at < end;) {
        size_t part = strcspn(at, ".}");
        char name[256];
        if (part == 0 || part >= sizeof name)
            return err_set(err, ERR_INVALID, "{data.%.*s} is no path of members", (int)length,
                           path);
        memcpy(name, at, part);
        name[part] = '\0';
        struct json_field field = {.name = name};
        if (value->kind != JSON_OBJECT ||
            json_scan_object(value->text, value->length, &field, 1, NULL) < 0 ||
            !field.value.text || field.value.kind == JSON_NULL)
            return err_set(err, ERR_INVALID,
                           "the unique key of its class needs the member {data.%.*s}", (int)length,
                           path);
        *value = field.value;
        at += part + 1;
    }
    return 0;
}

static int put_value(struct buf *out, const struct json_slice *value, struct arena *arena,
                     struct err *err)
{
    char *text;
    if (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY)
        return put_digest(out, value->text, value->length);
    if (value->kind != JSON_STRING)
        return buf_append(out, value->text, value->length);
    if (json_slice_string(value, "data", arena, &text, err) < 0)
        return -1;
    return buf_text_append(out, text);
}

static bool is_called(const struct template_piece *piece, const char *name)
{
    return piece->length == strlen(name) && memcmp(piece->text, name, piece->length) == 0;
}

static int put_place(struct buf *out, const struct template_piece *piece, const struct job *job,
                     struct arena *arena, struct err *err)
{
    struct json_slice data, value;
    if (is_called(piece, "job"))
        return buf_text_append(out, job->name);
    if (is_called(piece, "queue"))
        return buf_text_append(out, job->queue);
    if (is_called(piece, "data"))
        return put_digest(out, job->data.text, job->data.length);
    const size_t prefix = strlen("data.");
    if (json_scan(job->data.text, job->data.length, &data, err) < 0)
        return err_prefix(err, "data");
    if (find_member(&data, piece->text + prefix, piece->length - prefix, &value, err) < 0)
        return -1;
    return put_value(out, &value, arena, err);
}

/* It goes into tables and logs, as one line. */
static void clean(char *text)
{
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
}

/* Cut, but not in the middle of a character, and told apart by what the digest says. */
static void shorten(struct buf *text)
{
    char hex[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)buf_text(text), text->length, hex);
    size_t length = JOB_KEY_MAX - DIGEST_HEX - 1;
    while (length > 0 && (buf_text(text)[length] & 0xc0) == 0x80)
        length--;
    buf_truncate(text, length);
    buf_printf(text, ":%s", hex);
}

static int render(const char *template, const struct job *job, struct arena *arena, struct buf *out,
                  struct err *err)
{
    struct template_piece piece;
    int result;
    while ((result = template_next(&template, &piece, err)) > 0) {
        int put = piece.is_place ? put_place(out, &piece, job, arena, err)
                                 : buf_append(out, piece.text, piece.length);
        if (put < 0)
            return err && err->code != ERR_NONE
                       ? -1
                       : err_set(err, ERR_LIMIT, "the unique key of its class is too long");
    }
    return result;
}

int job_unique_key(const char *template, const struct job *job, struct arena *arena,
                   const char **key, struct err *err)
{
    struct buf text;
    buf_init(&text, KEY_CAP);
    int result = render(template, job, arena, &text, err);
    if (result == 0 && text.length > JOB_KEY_MAX)
        shorten(&text);
    if (result == 0) {
        char *made = arena_strndup(arena, buf_text(&text), text.length);
        clean(made);
        *key = made;
    }
    buf_finish(&text);
    return result;
}

/* --- defaults --- */

static int apply_unique(struct job *job, const struct job_settings *class, struct arena *arena,
                        struct err *err)
{
    if (job->unique_key || !class->unique_key[0])
        return 0;
    if (job_unique_key(class->unique_key, job, arena, &job->unique_key, err) < 0)
        return -1;
    job->unique_until = class->unique_until == 1 ? UNIQUE_STARTED : UNIQUE_DONE;
    if (class->unique_for != KEY_UNSET) {
        job->unique_until = UNIQUE_TIME;
        job->unique_ms = class->unique_for;
    }
    return 0;
}

int job_apply_defaults(struct job *job, bool is_priority_given, const struct job_defaults *defaults,
                       struct arena *arena, struct err *err)
{
    struct job_settings class;
    bool is_known =
        defaults->settings && job->name && settings_job(defaults->settings, job->name, &class);
    if (!job->queue)
        job->queue = defaults->said_queue;
    if (!job->queue)
        job->queue = is_known && class.queue[0] ? class.queue : defaults->queue;
    if (!is_known)
        return 0;
    if (!is_priority_given && class.priority != KEY_UNSET)
        job->priority = (int)class.priority;
    return apply_unique(job, &class, arena, err);
}
