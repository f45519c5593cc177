/* SPDX-License-Identifier: MIT */
#include "supervisor/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define MAGIC      "muster-state"
#define LINE_SIZE  80 /* of the first line, which is filled up with blanks */
#define FDS_MEMBER "fds"

/* Writing */

void state_out_init(struct state_out *out)
{
    *out = (struct state_out){.root = cJSON_CreateObject()};
    buf_init(&out->bytes, STATE_BYTES_MAX);
}

void state_out_finish(struct state_out *out)
{
    cJSON_Delete(out->root);
    buf_finish(&out->bytes);
    free(out->fds);
}

void state_put_fd(struct state_out *out, cJSON *object, const char *name, int fd)
{
    if (fd < 0)
        return;
    if ((out->fd_count & (out->fd_count + 1)) == 0)
        out->fds = mem_resize(out->fds, 2 * out->fd_count + 1, sizeof *out->fds);
    json_put_number(object, name, (double)out->fd_count);
    out->fds[out->fd_count++] = fd;
}

void state_put_bytes(struct state_out *out, cJSON *object, const char *name, const char *bytes,
                     size_t length)
{
    if (length == 0)
        return;
    const double place[] = {(double)out->bytes.length, (double)length};
    if (buf_append(&out->bytes, bytes, length) == 0)
        cJSON_AddItemToObject(object, name, cJSON_CreateDoubleArray(place, 2));
}

static char *print(const struct state_out *out)
{
    cJSON_DeleteItemFromObject(out->root, FDS_MEMBER);
    cJSON_AddItemToObject(out->root, FDS_MEMBER,
                          cJSON_CreateIntArray(out->fds, (int)out->fd_count));
    return cJSON_PrintUnformatted(out->root);
}

static int write_parts(int fd, const struct state_out *out, const char *text)
{
    char line[LINE_SIZE + 1], first[LINE_SIZE];
    snprintf(first, sizeof first, MAGIC " %d %zu %zu", STATE_VERSION, strlen(text),
             out->bytes.length);
    snprintf(line, sizeof line, "%-*s\n", LINE_SIZE - 1, first);
    return fd_write_all(fd, line, LINE_SIZE) < 0 || fd_write_all(fd, text, strlen(text)) < 0 ||
                   fd_write_all(fd, buf_text(&out->bytes), out->bytes.length) < 0
               ? -1
               : 0;
}

int state_write(const struct state_out *out, struct err *err)
{
    char *text = print(out);
    int fd = memfd_create(MAGIC, MFD_CLOEXEC);
    if (!text || strlen(text) > JSON_TEXT_MAX) {
        err_set(err, ERR_LIMIT, "the state is larger than %u MiB", JSON_TEXT_MAX >> 20);
        fd_close(&fd);
    } else if (fd < 0 || write_parts(fd, out, text) < 0) {
        err_errno(err, errno, "cannot write the state into memory");
        fd_close(&fd);
    }
    cJSON_free(text);
    return fd;
}

void state_pass_fds(const struct state_out *out, bool pass)
{
    for (size_t i = 0; i < out->fd_count; i++)
        fcntl(out->fds[i], F_SETFD, pass ? 0 : FD_CLOEXEC);
}

/* Reading */

static int read_all(int fd, char **text, size_t *size, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_size < LINE_SIZE ||
        status.st_size > (off_t)STATE_BYTES_MAX + JSON_TEXT_MAX + LINE_SIZE)
        return err_set(err, ERR_INVALID, "descriptor %d holds no state of musterd", fd);
    *size = (size_t)status.st_size;
    *text = mem_new(*size + 1, 1);
    for (size_t got = 0; got < *size;) {
        ssize_t piece = pread(fd, *text + got, *size - got, (off_t)got);
        if (piece <= 0)
            return err_set(err, ERR_INVALID, "the state of musterd cannot be read");
        got += (size_t)piece;
    }
    return 0;
}

/* The document and the bytes behind it. */
static int take_apart(struct state_in *in, size_t size, struct err *err)
{
    int version = 0;
    size_t length = 0, bytes = 0;
    if (sscanf(in->text, MAGIC " %d %zu %zu", &version, &length, &bytes) != 3 || length > size ||
        bytes > size || LINE_SIZE + length + bytes != size)
        return err_set(err, ERR_INVALID, "this is no state of musterd");
    if (version != STATE_VERSION)
        return err_set(err, ERR_INVALID,
                       "the state has version %d, and musterd " MUSTER_VERSION
                       " takes %d: stop and "
                       "start it in place of an upgrade",
                       version, STATE_VERSION);
    in->bytes = in->text + LINE_SIZE + length;
    in->byte_count = bytes;
    in->root = json_parse(in->text + LINE_SIZE, length, err);
    return in->root ? 0 : -1;
}

static void note_fds(struct state_in *in, bool has_fds)
{
    const cJSON *list = json_get(in->root, FDS_MEMBER), *item;
    in->fds = mem_new((size_t)cJSON_GetArraySize(list) + 1, sizeof *in->fds);
    cJSON_ArrayForEach(item, list)
    {
        int fd = has_fds ? item->valueint : -1;
        in->fds[in->fd_count++] = fd > 2 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
    }
}

int state_read(struct state_in *in, int fd, bool has_fds, struct err *err)
{
    size_t size = 0;
    *in = (struct state_in){0};
    if (read_all(fd, &in->text, &size, err) < 0 || take_apart(in, size, err) < 0)
        return -1;
    note_fds(in, has_fds);
    return 0;
}

size_t state_in_finish(struct state_in *in)
{
    size_t left = 0;
    for (size_t i = 0; i < in->fd_count; i++) {
        left += in->fds[i] >= 0;
        fd_close(&in->fds[i]);
    }
    cJSON_Delete(in->root);
    free(in->text);
    free(in->fds);
    *in = (struct state_in){0};
    return left;
}

int state_take_fd(struct state_in *in, const cJSON *object, const char *name)
{
    int64_t index = json_get_integer(object, name, -1);
    if (index < 0 || (size_t)index >= in->fd_count)
        return -1;
    int fd = in->fds[index];
    in->fds[index] = -1;
    return fd;
}

const char *state_bytes(const struct state_in *in, const cJSON *object, const char *name,
                        size_t *length)
{
    const cJSON *place = json_get(object, name);
    const cJSON *start = cJSON_GetArrayItem(place, 0), *count = cJSON_GetArrayItem(place, 1);
    *length = 0;
    if (!cJSON_IsNumber(start) || !cJSON_IsNumber(count) || start->valuedouble < 0 ||
        count->valuedouble < 0 || start->valuedouble + count->valuedouble > (double)in->byte_count)
        return NULL;
    *length = (size_t)count->valuedouble;
    return in->bytes + (size_t)start->valuedouble;
}

/* Numbers */

static double number_at(const struct state_number *row, const void *from)
{
    const char *place = (const char *)from + row->offset;
    switch (row->kind) {
    case STATE_INT64:
        return (double)*(const int64_t *)place;
    case STATE_UINT64:
        return (double)*(const uint64_t *)place;
    case STATE_INT:
        return *(const int *)place;
    case STATE_UINT32:
        return *(const uint32_t *)place;
    default:
        return *(const bool *)place;
    }
}

void state_put_numbers(cJSON *object, const struct state_number *rows, const void *from)
{
    for (; rows->name; rows++)
        json_put_number(object, rows->name, number_at(rows, from));
}

static void set_number(const struct state_number *row, int64_t value, void *into)
{
    char *place = (char *)into + row->offset;
    switch (row->kind) {
    case STATE_INT64:
        *(int64_t *)place = value;
        break;
    case STATE_UINT64:
        *(uint64_t *)place = (uint64_t)value;
        break;
    case STATE_INT:
        *(int *)place = (int)value;
        break;
    case STATE_UINT32:
        *(uint32_t *)place = (uint32_t)value;
        break;
    default:
        *(bool *)place = value != 0;
    }
}

void state_get_numbers(const cJSON *object, const struct state_number *rows, void *into)
{
    for (; rows->name; rows++)
        if (cJSON_IsNumber(json_get(object, rows->name)))
            set_number(rows, json_get_integer(object, rows->name, 0), into);
}
