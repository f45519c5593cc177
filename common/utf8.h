/* SPDX-License-Identifier: MIT */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* The length of the UTF-8 sequence at the beginning of text (left bytes, at least one), 0 where it
 * is none: overlong, a surrogate, above U+10FFFF, cut off (RFC 3629). */
size_t utf8_length(const char *text, size_t left);

/* True where all of the text is UTF-8. */
bool utf8_is_valid(const char *text, size_t length);

/* The characters in a valid text. */
size_t utf8_count(const char *text, size_t length);

/* Appends text as valid UTF-8 without NUL: every byte that is neither becomes U+FFFD. Returns 0, or
 * -1 where the buffer's cap would be passed. */
int utf8_append_clean(struct buf *out, const char *text, size_t length);

#endif
