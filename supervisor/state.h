/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_STATE_H
#define SUPERVISOR_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/*
 * What a master hands over to the one that follows it: a document in JSON, in which descriptors and
 * runs of bytes are named by numbers, the descriptors themselves, and the bytes. In memory it is a
 * line with sizes, the JSON, and the bytes behind it (docs/upgrade.md).
 */
#define STATE_VERSION   1
#define STATE_BYTES_MAX (256u << 20)

struct state_out {
    cJSON *root;
    struct buf bytes;
    int *fds; /* not its own */
    size_t fd_count;
};

struct state_in {
    cJSON *root;
    char *text; /* all of it */
    const char *bytes;
    size_t byte_count;
    int *fds; /* its own until they are taken; -1 after that */
    size_t fd_count;
};

/* An empty document. Finishing frees it and closes no descriptor: they are those of whoever put
 * them in. */
void state_out_init(struct state_out *out);
void state_out_finish(struct state_out *out);

/* Members of an object. A descriptor of -1, and no bytes, leave no member. */
void state_put_fd(struct state_out *out, cJSON *object, const char *name, int fd);
void state_put_bytes(struct state_out *out, cJSON *object, const char *name, const char *bytes,
                     size_t length);

/* Writes all into memory: a descriptor that the caller owns (close-on-exec), or -1 with err. */
int state_write(const struct state_out *out, struct err *err);

/* Lets an exec keep the descriptors, or not (any more). */
void state_pass_fds(const struct state_out *out, bool pass);

/* Reads what was written. has_fds: the descriptors are here, under the numbers that they had, and
 * belong to in; otherwise all of them are -1. Returns 0, or -1 with err: ERR_INVALID where it
 * cannot be read or is of a version that is not known here. state_in_finish is due in either case.
 */
int state_read(struct state_in *in, int fd, bool has_fds, struct err *err);

/* Closes what was not taken. Returns how many that were. */
size_t state_in_finish(struct state_in *in);

/* The descriptor of a member, which the caller owns from here on (close-on-exec); -1 where there is
 * none. state_bytes: they live as long as in; NULL and 0 where there are none. */
int state_take_fd(struct state_in *in, const cJSON *object, const char *name);
const char *state_bytes(const struct state_in *in, const cJSON *object, const char *name,
                        size_t *length);

/* Numbers of a struct, as members of the same object. */
enum state_kind { STATE_INT64, STATE_INT, STATE_UINT32, STATE_BOOL, STATE_UINT64 };

struct state_number {
    const char *name; /* NULL ends a table */
    size_t offset;
    enum state_kind kind;
};

#define STATE_NUMBER(type, member, kind)                                                           \
    {                                                                                              \
#member, offsetof(type, member), kind                                                      \
    }

/* Adds a member to the object for each row, with the value that the struct at from has. */
void state_put_numbers(cJSON *object, const struct state_number *rows, const void *from);

/* What is not there stays as it is. */
void state_get_numbers(const cJSON *object, const struct state_number *rows, void *into);

#endif
