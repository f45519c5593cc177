/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLEAN_H
#define CLI_CLEAN_H

#include <stddef.h>

/*
 * Text for a terminal. What comes from jobs and handlers may hold anything: escape sequences would
 * be obeyed, and bytes that are not UTF-8 would spoil the table. Here everything that does not
 * print becomes a space, and each bad byte becomes U+FFFD.
 */

/* Returns a malloc'd, NUL-terminated string. */
char *clean_text(const char *text, size_t length);

/* Makes this process read and draw text as UTF-8, whatever its environment says: all our text is.
 * Numbers keep their point. Called once at the start. */
void clean_init(void);

#endif
