/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_FINGERPRINT_H
#define QUEUE_FINGERPRINT_H

#include <stddef.h>

#include "common/buf.h"

/*
 * The fingerprint of a failure: what is alike in failures of the same kind. It is made of the job's
 * class and the line of the exception that says most (queue/exception.h), in which what differs
 * from time to time is masked:
 *
 *   <uuid>     UUIDs, and identifiers of 21 characters as Muster and NanoID make them
 *   <address>  e-mail addresses, IPv4 (with a port) and IPv6 addresses
 *   #          numbers, also within words, and hexadecimal ones: 0x…, and eight digits or more
 *
 * The trace is not in it: the same failure comes from many lines.
 */
#define FINGERPRINT_SIZE        17  /* 16 hexadecimal digits and a NUL */
#define FINGERPRINT_PATTERN_MAX 255 /* bytes of the masked line; what is behind does not count */

/* Appends text with what differs masked. Returns 0, or -1 past the buffer's cap: what fits is
 * there, and may end in the middle of a character. Pure. */
int fingerprint_mask(const char *text, size_t length, struct buf *out);

struct fingerprint {
    char id[FINGERPRINT_SIZE];
    char pattern[FINGERPRINT_PATTERN_MAX + 1]; /* the masked line, for people; valid UTF-8 */
};

/* The fingerprint of a job's class and the exception (valid UTF-8) with which it failed. Pure. */
void fingerprint_make(struct fingerprint *fingerprint, const char *name, const char *exception);

#endif
