/* SPDX-License-Identifier: MIT */
#ifndef COMMON_EXPRESSION_H
#define COMMON_EXPRESSION_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * POSIX extended regular expressions from a configuration, without what can take for ever:
 * references back to a group, and repetitions {m,n} that multiply to more than
 * EXPRESSION_REPEAT_MAX.
 */
#define EXPRESSION_MAX        500 /* bytes */
#define EXPRESSION_REPEAT_MAX 1000
#define EXPRESSION_DEPTH_MAX  20 /* groups within each other */

/* Compiles one; the caller ends it with regfree. Returns 0, or -1 with err saying what is wrong
 * with it. */
int expression_compile(const char *text, regex_t *expression, struct err *err);

/* True where it matches somewhere in the first length bytes of a text. */
bool expression_matches(const regex_t *expression, const char *text, size_t length);

#endif
