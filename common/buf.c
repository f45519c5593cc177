/* SPDX-License-Identifier: MIT */
#include "common/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

#define BUF_MIN 256

void buf_init(struct buf *buf, size_t cap)
{
    *buf = (struct buf){.cap = cap};
}

void buf_finish(struct buf *buf)
{
    free(buf->bytes);
    buf_init(buf, buf->cap);
}

char *buf_data(const struct buf *buf)
{
    return buf->bytes ? buf->bytes + buf->start : NULL;
}

const char *buf_text(const struct buf *buf)
{
    return buf->bytes ? buf->bytes + buf->start : "";
}

bool buf_full(const struct buf *buf)
{
    return buf->length >= buf->cap;
}

static void move_to_front(struct buf *buf)
{
    if (buf->start == 0)
        return;
    memmove(buf->bytes, buf->bytes + buf->start, buf->length + 1);
    buf->start = 0;
}

static void grow_to(struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity ? buf->capacity : BUF_MIN;
    while (capacity < needed)
        capacity *= 2;
    buf->bytes = mem_resize(buf->bytes, capacity, 1);
    buf->capacity = capacity;
}

char *buf_reserve(struct buf *buf, size_t length)
{
    if (length > buf->cap || buf->length > buf->cap - length)
        return NULL;
    size_t needed = buf->length + length + 1;
    if (buf->start + needed > buf->capacity) {
        /* Moving pays only when much of the space is in front; otherwise a slow reader would make
         * every append copy the whole content. */
        if (buf->start >= buf->length && needed <= buf->capacity)
            move_to_front(buf);
        else
            grow_to(buf, buf->start + needed);
    }
    return buf->bytes + buf->start + buf->length;
}

void buf_grew(struct buf *buf, size_t length)
{
    buf->length += length;
    buf->bytes[buf->start + buf->length] = '\0';
}

int buf_append(struct buf *buf, const void *bytes, size_t length)
{
    char *room = buf_reserve(buf, length);
    if (!room)
        return -1;
    if (length)
        memcpy(room, bytes, length);
    buf_grew(buf, length);
    return 0;
}

int buf_text_append(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = length < 0 ? NULL : buf_reserve(buf, (size_t)length);
    if (!room)
        return -1;
    va_start(args, format);
    vsnprintf(room, (size_t)length + 1, format, args);
    va_end(args);
    buf_grew(buf, (size_t)length);
    return 0;
}

void buf_consume(struct buf *buf, size_t length)
{
    if (length >= buf->length) {
        buf_clear(buf);
        return;
    }
    buf->start += length;
    buf->length -= length;
}

void buf_clear(struct buf *buf)
{
    buf->start = 0;
    buf->length = 0;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

void buf_truncate(struct buf *buf, size_t length)
{
    if (length >= buf->length)
        return;
    buf->length = length;
    buf->bytes[buf->start + length] = '\0';
}

void buf_trim(struct buf *buf, size_t keep)
{
    if (buf->length == 0 && buf->capacity > keep)
        buf_finish(buf);
}

ssize_t buf_read(struct buf *buf, int fd, size_t limit)
{
    size_t left = buf->cap - buf->length;
    if (limit > left)
        limit = left;
    char *room = limit ? buf_reserve(buf, limit) : NULL;
    if (!room) {
        errno = ENOBUFS;
        return -1;
    }
    ssize_t got = read(fd, room, limit);
    buf_grew(buf, got > 0 ? (size_t)got : 0);
    return got;
}

ssize_t buf_write(struct buf *buf, int fd)
{
    ssize_t put = write(fd, buf_text(buf), buf->length);
    if (put > 0)
        buf_consume(buf, (size_t)put);
    return put;
}

char *buf_steal(struct buf *buf)
{
    if (!buf->bytes)
        return mem_strdup("");
    move_to_front(buf);
    char *bytes = buf->bytes;
    buf_init(buf, buf->cap);
    return bytes;
}
