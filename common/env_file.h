/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ENV_FILE_H
#define COMMON_ENV_FILE_H

#include <stddef.h>

#include "common/err.h"

/*
 * Files of environment variables, in dotenv's syntax: a line is NAME=value, with `export` before it
 * or not. A value in single quotes is taken as it is, one in double quotes knows \n \t \r \\ \" \$;
 * both may have several lines. Without quotes it ends at the line's end or at " #". A line that
 * begins with # is a comment. Nothing is expanded.
 */
#define ENV_FILE_MAX (1u << 20) /* bytes */

/* Reads the text of a file into a malloc'd, NULL-terminated list of "NAME=value", in its order, to
 * be freed with command_free. NULL with err, which begins with "line N: ". Pure. */
char **env_file_parse(const char *text, size_t length, struct err *err);

/* Takes a malloc'd "NAME=value" over. */
struct env_sink {
    void (*put)(void *context, char *pair);
    void *context;
};

/* Paths, separated by commas; - before one: it may be missing. Absolute ones. Returns 0, or -1 with
 * err. */
int env_files_check(const char *list, struct err *err);
/* Reads them all, later ones last. NULL is an empty list. Returns 0, or -1 with err, which names
 * file and line. */
int env_files_read(const char *list, const struct env_sink *sink, struct err *err);

/* NAME:PATH, separated by commas: the content of the file, less a newline at its end, is the value.
 * As above. No error tells what a file holds. */
int env_sources_check(const char *list, struct err *err);
int env_sources_read(const char *list, const struct env_sink *sink, struct err *err);

#endif
