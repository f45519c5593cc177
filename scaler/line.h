/* SPDX-License-Identifier: MIT */
#ifndef SCALER_LINE_H
#define SCALER_LINE_H

#include <stddef.h>
#include <stdint.h>

/* The jobs that wait in a queue of a simulation, in the order in which they are taken. */
struct waiting {
    uint32_t job;
    double due; /* seconds: since when it waits */
};

struct line {
    struct waiting *items; /* a ring; zeroed memory is an empty line */
    size_t first, count, capacity;
};

/* Adds a job at the end; the line grows as it needs. line_take takes out the first. */
void line_add(struct line *line, struct waiting waiting);
struct waiting line_take(struct line *line); /* not of an empty one */
void line_finish(struct line *line);

/* For how many seconds the first has waited; `nobody` where the line is empty. */
double line_age(const struct line *line, double now, double nobody);

#endif
