/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_BASE64_H
#define SUPERVISOR_CONTROL_BASE64_H

#include <stddef.h>

/*
 * Base64 as Python's base64.decodebytes reads it, and so Supervisor: characters that are not of the
 * alphabet are skipped, and all behind the padding. No I/O.
 */

/* bytes has room for length of them, and may be text itself. Returns 0 with *size, or -1 where the
 * padding is missing. */
int base64_decode(const char *text, size_t length, char *bytes, size_t *size);

#endif
