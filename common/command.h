/* SPDX-License-Identifier: MIT */
#ifndef COMMON_COMMAND_H
#define COMMON_COMMAND_H

#include <stddef.h>

#include "common/err.h"

/*
 * Command lines and environments as they are configured. No shell is involved: a command is split into words
 * exactly as Python's shlex.split (POSIX mode) does, which is what Supervisor uses. Texts are NUL-terminated
 * and have been bounded by who read them (INI_FILE_MAX).
 */

/* Splits text into a NULL-terminated array of words, which the caller frees with command_free. NULL with err
 * (ERR_INVALID: no closing quotation, no escaped character, no words) on failure. */
char **command_split(const char *text, struct err *err);

/* Parses NAME=value,NAME2="quoted, value" into a NULL-terminated array of "NAME=value". What Supervisor would
 * silently misread (two words without a comma, a value that begins or ends with a quote of its own) is
 * refused. An empty text gives an empty array. The caller frees it with command_free. */
char **command_environment(const char *text, struct err *err);

/* A new environment: base (usually environ) with additions ("NAME=value", later ones win) put over it. Either
 * may be NULL, which is empty. The caller frees it with command_free. */
char **command_merge_environment(char *const *base, char *const *additions);

/* Frees an array of these functions, with its words. Accepts NULL. */
void command_free(char **words);

#endif
