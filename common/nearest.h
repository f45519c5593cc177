/* SPDX-License-Identifier: MIT */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include <stddef.h>

/*
 * "Did you mean …": finds among known names the one that is closest to a mistyped one, by the
 * letters that must be added, dropped, changed or swapped with their neighbour.
 *
 *     struct nearest nearest = nearest_to(typed);
 *     for each known name
 *         nearest_consider(&nearest, name);
 *     if (nearest.best) …
 */
struct nearest {
    const char *typed;
    const char *best; /* NULL while nothing is close enough to be worth a suggestion */
    size_t distance;  /* of best; a candidate has to be closer than this */
};

/* typed must live as long as the search. */
struct nearest nearest_to(const char *typed);
void nearest_consider(struct nearest *nearest, const char *name);

#endif
