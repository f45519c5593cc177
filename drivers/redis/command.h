/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_COMMAND_H
#define DRIVERS_REDIS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* The arguments of a command as Redis reads them, each with its length, in one growing buffer. (Not
 * hiredis' formatter: it wants all arguments in arrays first, and copies them again.) That they
 * passed COMMAND_BYTES_MAX is noticed when the command is sent. */
#define COMMAND_BYTES_MAX (256u << 20)

struct command {
    struct buf bytes;
    size_t count;
    bool is_cut; /* something did not fit */
};

/* A command without arguments; nothing is allocated until one is added. Finishing frees the bytes.
 */
void redis_command_init(struct command *command);
void redis_command_finish(struct command *command);

/* Forgets the arguments, and the memory of a large command. */
void redis_command_clear(struct command *command);

/* Append an argument. What would pass COMMAND_BYTES_MAX is left out, and the command is cut. */
void redis_command_add(struct command *command, const void *bytes, size_t length);
void redis_command_text(struct command *command, const char *text); /* NULL is written as "" */
void redis_command_number(struct command *command, int64_t number);

#endif
