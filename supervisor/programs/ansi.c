/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/ansi.h"

#include <string.h>

#define ESCAPE      '\x1b'
#define END_LETTERS "HfABCDRsuJKhlpm"

size_t ansi_strip(enum ansi_state *state, const char *bytes, size_t length, char *out)
{
    char *end = out;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (*state == ANSI_SEQUENCE) {
            if (c && strchr(END_LETTERS, c))
                *state = ANSI_TEXT;
            continue;
        }
        if (*state == ANSI_ESCAPE && c == '[') {
            *state = ANSI_SEQUENCE;
            continue;
        }
        if (*state == ANSI_ESCAPE)
            *end++ = ESCAPE; /* it began no sequence */
        *state = c == ESCAPE ? ANSI_ESCAPE : ANSI_TEXT;
        if (c != ESCAPE)
            *end++ = c;
    }
    return (size_t)(end - out);
}
