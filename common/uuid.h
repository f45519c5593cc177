/* SPDX-License-Identifier: MIT */
#ifndef COMMON_UUID_H
#define COMMON_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Identifiers: 21 characters of 64 symbols, 8 of milliseconds since the epoch and 13 random (78
 * bits), so that they sort by time under byte-wise comparison. The symbols are those of a URL, in
 * ASCII order:
 * - 0-9 A-Z _ a-z. The first one is a letter, so that no command line takes them for an option.
 */
#define UUID_LENGTH 21
#define UUID_SIZE   (UUID_LENGTH + 1)

/* What is accepted on read: any string of 1 to 64 printable ASCII characters without space. */
#define UUID_TEXT_MAX  64
#define UUID_TEXT_SIZE (UUID_TEXT_MAX + 1)

/* Writes a new identifier, NUL-terminated, for the given wall time. Never the same twice, in this
 * process or in one forked from it. Ends the process when the kernel's random source does not
 * answer. */
void uuid_make(char uuid[UUID_SIZE], int64_t wall_ms);

/* length random symbols and a NUL, for names of workers. */
void uuid_random(char *text, size_t length);

/* Whether these bytes, which need no NUL, are an identifier that is accepted: see UUID_TEXT_MAX. */
bool uuid_valid(const char *text, size_t length);

#endif
