/* SPDX-License-Identifier: MIT */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A growable byte buffer with a cap: what comes from outside can make it this large and no larger.
 * Bytes are appended at the end and consumed from the front. The content is always followed by a NUL
 * that does not count, so buf_text() is a C string where the content has no NUL of its own.
 */
struct buf {
    char *bytes;
    size_t start;    /* where the content begins in bytes */
    size_t length;   /* of the content */
    size_t capacity; /* of bytes */
    size_t cap;      /* the content never gets longer than this */
};

/* An empty buffer for at most cap bytes; nothing is allocated until something is appended. */
void buf_init(struct buf *buf, size_t cap);
void buf_finish(struct buf *buf);

/* Appends all of it or nothing. Returns 0, or -1 where the cap would be passed. */
int buf_append(struct buf *buf, const void *bytes, size_t length);
int buf_text_append(struct buf *buf, const char *text);
int buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least length more bytes at the returned place, to be filled and then counted with
 * buf_grew(); NULL where the cap would be passed. */
char *buf_reserve(struct buf *buf, size_t length);
void buf_grew(struct buf *buf, size_t length);

/* Drops length bytes (at most what there is) from the front. */
void buf_consume(struct buf *buf, size_t length);
void buf_clear(struct buf *buf);

/* Drops what is behind the first length bytes (at most what there is). */
void buf_truncate(struct buf *buf, size_t length);

/* Frees the memory of an empty buffer that has grown past keep bytes, so that one large message does
 * not stay in memory for ever. */
void buf_trim(struct buf *buf, size_t keep);

/* Where the content begins, until the buffer is changed: NULL (buf_text: "") where nothing was ever
 * allocated. buf_full: the cap has been reached. */
char *buf_data(const struct buf *buf);
const char *buf_text(const struct buf *buf);
bool buf_full(const struct buf *buf);

/* Reads once from fd, at most limit bytes and never past the cap. Returns what read(2) returned; -1
 * with errno ENOBUFS where the buffer is full. */
ssize_t buf_read(struct buf *buf, int fd, size_t limit);

/* Writes once to fd and consumes what was taken. Returns what write(2) returned. */
ssize_t buf_write(struct buf *buf, int fd);

/* Hands the content over as a malloc'd NUL-terminated string and leaves the buffer empty. */
char *buf_steal(struct buf *buf);

#endif
