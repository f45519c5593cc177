/* SPDX-License-Identifier: MIT */
#include "queue/exception.h"

#include <string.h>

#define PYTHON_TRACE "Traceback (most recent call last):\n"

/* The last line that begins at the margin: what follows it, if anything, is part of its message. */
static const char *last_at_margin(const char *text)
{
    const char *found = text;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += line > text;
        if (*line && *line != ' ' && *line != '\n')
            found = line;
    }
    return found;
}

size_t exception_line(const char **text)
{
    if (strncmp(*text, PYTHON_TRACE, strlen(PYTHON_TRACE)) == 0)
        *text = last_at_margin(*text);
    return strcspn(*text, "\n");
}
