/* SPDX-License-Identifier: MIT */
#ifndef COMMON_GLOB_H
#define COMMON_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns of names: * is any text (none, too), ? is one byte, and everything else is itself, also
 * a backslash, which classes of PHP are full of. Time grows with the product of the lengths at
 * most.
 */

/* True where the whole text is what the pattern says. */
bool glob_match(const char *pattern, const char *text);

/* True where it is more than a name. */
bool glob_is_pattern(const char *pattern);

/* How many characters are themselves: of two patterns for the same name the one with more says
 * more. */
size_t glob_weight(const char *pattern);

#endif
