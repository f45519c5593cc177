/* SPDX-License-Identifier: MIT */
#ifndef SCALER_WORKLOAD_H
#define SCALER_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * What a simulation runs: the jobs of a span of time, and what happens around them. Times are
 * seconds from the beginning.
 */
struct arrival {
    double at;   /* when it becomes due */
    double work; /* seconds that it takes a worker */
    uint32_t queue;
};

/* From `from` to `to` something has a value. */
struct episode {
    double from, to, value;
};

struct episodes {
    struct episode *items;
    size_t count;
};

#define WORKLOAD_QUEUES_MAX   8
#define WORKLOAD_ARRIVALS_MAX 5000000
#define WORKLOAD_LENGTH_MAX   (31. * 86400)

struct workload {
    char name[40];
    double length; /* seconds */
    size_t queue_count;
    struct arrival *arrivals; /* in the order of their times */
    size_t arrival_count;
    struct episodes downstream; /* so many jobs at once go at full speed, more share that */
    struct episodes outages;    /* attempts fail with this probability */
    struct episodes blackouts;  /* the figures of the store are not known */
    int64_t total_max;          /* workers of all queues together; 0: no limit but the queues' */
};

/* How the parameters of the generators are drawn: those that the law was made with, or others that
 * it had not seen. */
enum workload_set { WORKLOAD_TRAINING, WORKLOAD_VALIDATION };

/* The names of the generators; NULL-terminated. */
extern const char *const workload_generators[];

/* Makes the workload of a generator; the same arguments make the same workload. NULL with err where
 * there is no such generator (it names the nearest) or the length is out of range. */
struct workload *workload_generate(const char *generator, enum workload_set set, uint64_t seed,
                                   double length, struct err *err);

/* Reads a trace: lines of CSV "at,work[,queue]" (a first line of names is passed over), or of JSON
 * {"at":1.5,"work":0.2,"queue":0}, in any order; lines that begin with # are comments. at is in
 * seconds, counted from any moment: the simulation begins with the first job. NULL with err
 * ("FILE:LINE: …"). */
struct workload *workload_load(const char *path, struct err *err);

/* The same from a text. */
struct workload *workload_parse(const char *name, const char *text, size_t length, struct err *err);

/* Puts the arrivals in the order of their times. */
void workload_sort(struct workload *workload);

/* Frees the workload with its arrivals and episodes. Accepts NULL. */
void workload_destroy(struct workload *workload);

/* The value of the episode that holds at a time, or fallback. */
double episodes_at(const struct episodes *episodes, double at, double fallback);

#endif
