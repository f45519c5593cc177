/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_REPLY_H
#define DRIVERS_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/read.h>

#include "common/err.h"
#include "common/mem.h"

/*
 * What Redis answers, read by hiredis' reader straight into an arena: no object is allocated or
 * freed by itself. An answer can have so many bytes and so many elements, and no more.
 */
#define REPLY_BYTES_MAX    (256u << 20)
#define REPLY_ELEMENTS_MAX (1 << 20)

struct reply {
    int type;          /* REDIS_REPLY_STRING, _ARRAY, _INTEGER, _NIL, _STATUS, _ERROR */
    long long integer; /* of an integer */
    const char *text;  /* of a string, a status, an error: NUL-terminated, with its length */
    size_t length;
    struct reply *items; /* of an array */
    size_t count;
};

struct reply_reader {
    redisReader *reader;
    size_t fed; /* bytes of the answer that is being read */
};

/* A reader that is at the beginning of an answer. Ends the process where there is no memory, as
 * mem.h does. Finishing frees it with what it has of an answer; once more does no harm. */
void redis_reply_reader_init(struct reply_reader *reader);
void redis_reply_reader_finish(struct reply_reader *reader);

/* Takes over bytes that were received. Returns 0, or -1 with err past REPLY_BYTES_MAX. */
int redis_reply_feed(struct reply_reader *reader, const char *bytes, size_t length,
                     struct err *err);

/* The next answer of what was fed, made in the arena, which must be the same one until it is
 * complete. Returns 1 with *reply, 0 where more is needed, or -1 with err where it is no answer. */
int redis_reply_next(struct reply_reader *reader, struct arena *arena, struct reply **reply,
                     struct err *err);

/* Parts of answers whose form the scripts fix. Each returns what is there in the wanted form, and
 * the neutral value (0, "", no items) where there is something else. */
const struct reply *redis_reply_item(const struct reply *reply, size_t index);
int64_t redis_reply_integer(const struct reply *reply); /* also of digits in a string */
const char *redis_reply_text(const struct reply *reply);

/* The text, or NULL where it is empty. */
const char *redis_reply_text_or_null(const struct reply *reply);

/* Whether it is an error that begins with this word, such as "NOSCRIPT". */
bool redis_reply_is_error(const struct reply *reply, const char *code);

#endif
