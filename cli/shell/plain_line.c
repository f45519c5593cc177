/* SPDX-License-Identifier: MIT */

/* Without libedit: a prompt at a terminal, and lines as they come. */
#include "cli/shell/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

struct line_reader {
    const struct line_options *options;
    char *line;
    size_t size;
};

struct line_reader *line_reader_create(const struct line_options *options)
{
    struct line_reader *reader = mem_new(1, sizeof *reader);
    reader->options = options;
    return reader;
}

const char *line_read(struct line_reader *reader)
{
    if (isatty(STDIN_FILENO))
        fputs(reader->options->prompt, stdout);
    fflush(stdout);
    ssize_t length = getline(&reader->line, &reader->size, stdin);
    if (length < 0)
        return NULL;
    reader->line[strcspn(reader->line, "\n")] = '\0';
    return reader->line;
}

void line_reader_destroy(struct line_reader *reader)
{
    if (!reader)
        return;
    free(reader->line);
    free(reader);
}
