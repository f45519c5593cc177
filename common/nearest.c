/* SPDX-License-Identifier: MIT */
#include "common/nearest.h"

#include <string.h>

#define NAME_MAX_LENGTH 63 /* longer ones are not compared: nobody mistypes those */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The restricted Damerau-Levenshtein distance, of two texts of at most NAME_MAX_LENGTH bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_LENGTH + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    size_t a_length = strlen(a), b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            now[j] =
                smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length];
}

struct nearest nearest_to(const char *typed)
{
    /* A third of the letters may be wrong, and one in any case. */
    return (struct nearest){typed, NULL, strlen(typed) / 3 + 2};
}

void nearest_consider(struct nearest *nearest, const char *name)
{
    if (strlen(nearest->typed) > NAME_MAX_LENGTH || strlen(name) > NAME_MAX_LENGTH)
        return;
    size_t found = distance(nearest->typed, name);
    if (found < nearest->distance) {
        nearest->distance = found;
        nearest->best = name;
    }
}
