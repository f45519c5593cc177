/* SPDX-License-Identifier: MIT */
#include "common/glob.h"

#include <string.h>

/* What does not fit behind a * is tried again one further on; only the last * can have to give way.
 */
bool glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool glob_is_pattern(const char *pattern)
{
    return strpbrk(pattern, "*?") != NULL;
}

size_t glob_weight(const char *pattern)
{
    size_t weight = 0;
    for (const char *at = pattern; *at; at++)
        weight += *at != '*' && *at != '?';
    return weight;
}
