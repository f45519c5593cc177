/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_ANSI_H
#define SUPERVISOR_PROGRAMS_ANSI_H

#include <stddef.h>

/* Taking escape sequences for terminals (ESC [ … letter) out of a stream that comes in pieces. A
 * zeroed state begins a stream. */
enum ansi_state { ANSI_TEXT, ANSI_ESCAPE, ANSI_SEQUENCE };

/* Copies length bytes without the sequences into out, which has room for length + 1. Returns how
 * many were copied. */
size_t ansi_strip(enum ansi_state *state, const char *bytes, size_t length, char *out);

#endif
