/* SPDX-License-Identifier: MIT */
#include "queue/exception.h"

#include <ctype.h>
#include <stdbool.h>
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

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static bool is_trace(const char *line)
{
    const char *at = line + strspn(line, " \t");
    if (at > line && (begins(at, "at ") || begins(at, "from ")))
        return true;
    return begins(line, "Stack trace:") || begins(line, "#0 ") || begins(line, "Traceback ");
}

/* PHP writes "Class: message in /srv/app/File.php:12". */
static size_t without_place(const char *text, size_t length)
{
    size_t digits = length;
    while (digits > 0 && isdigit((unsigned char)text[digits - 1]))
        digits--;
    if (digits == length || digits == 0 || text[digits - 1] != ':')
        return length;
    for (size_t at = digits; at > 4; at--)
        if (memcmp(text + at - 4, " in ", 4) == 0)
            return text[at] == '/' ? at - 4 : length;
    return length;
}

/* Ruby writes "/srv/app/file.rb:12:in `handle': message (Class)", with either quote. */
static void skip_place(const char **text)
{
    size_t line = strcspn(*text, "\n");
    const char *in = strstr(*text, ":in "), *end = in ? strstr(in, "': ") : NULL;
    if (end && end < *text + line)
        *text = end + strlen("': ");
}

size_t exception_message(const char **text)
{
    if (strncmp(*text, PYTHON_TRACE, strlen(PYTHON_TRACE)) == 0) {
        *text = last_at_margin(*text);
        return strlen(*text);
    }
    for (const char *line = strchr(*text, '\n'); line; line = strchr(line + 1, '\n'))
        if (is_trace(line + 1)) {
            skip_place(text);
            return without_place(*text, (size_t)(line - *text));
        }
    return strlen(*text);
}
