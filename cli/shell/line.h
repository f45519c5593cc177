/* SPDX-License-Identifier: MIT */
#ifndef CLI_SHELL_LINE_H
#define CLI_SHELL_LINE_H

#include <stdbool.h>

#include "common/settings.h"

/*
 * Lines from whoever types: at a terminal with editing, history and completion (libedit), otherwise
 * as they come.
 */
struct line_reader;

/* history is the file that the history is kept in, or NULL. All pointers must outlive it. */
struct line_options {
    const char *prompt;
    const char *history;
    const struct settings *settings; /* whose names complete words */
};

/* Begins to read standard input, with a prompt and editing where that and standard output are a
 * terminal. Never NULL; the caller ends it with line_reader_destroy. */
struct line_reader *line_reader_create(const struct line_options *options);

/* The next line without its end, which lives until the next call; NULL at the end of the input.
 * Ctrl-C gives an empty one. */
const char *line_read(struct line_reader *reader);

/* Keeps the history. Accepts NULL. */
void line_reader_destroy(struct line_reader *reader);

#endif
