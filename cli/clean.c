/* SPDX-License-Identifier: MIT */
#include "cli/clean.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "common/mem.h"

#define REPLACEMENT      "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_SIZE 3

void clean_init(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

/* Right-to-left overrides and their like print nothing, but turn around what stands beside them. */
static bool turns_text(wchar_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *clean_text(const char *text, size_t length)
{
    char *clean = mem_new(length + 1, REPLACEMENT_SIZE);
    char *end = clean;
    while (length > 0) {
        wchar_t c;
        mbstate_t state = {0};
        size_t taken = mbrtowc(&c, text, length, &state);
        if (taken == (size_t)-1 || taken == (size_t)-2) {
            end = mempcpy(end, REPLACEMENT, REPLACEMENT_SIZE);
            taken = 1;
        } else {
            taken = taken ? taken : 1; /* NUL */
            if (iswprint((wint_t)c) && !turns_text(c))
                end = mempcpy(end, text, taken);
            else
                *end++ = ' ';
        }
        text += taken;
        length -= taken;
    }
    return clean;
}
