/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_FIGURES_H
#define CLI_TOP_FIGURES_H

#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

/*
 * What the running musterd says of itself, as it was told over the control socket
 * (docs/control.md). Begins as zeroed memory: nothing is known yet.
 */
#define TOP_SAMPLES   12
#define TOP_SAMPLE_MS 5000

/* The status at some moment, which rates are measured from. */
struct top_sample {
    int64_t at_ms; /* monotonic */
    cJSON *status;
};

struct top_figures {
    cJSON *status, *scaling, *workers, *programs, *alerts; /* answers; NULL before the first */
    int64_t at_ms, read_ms;                 /* of the last answers, monotonic and wall time */
    char failure[ERR_TEXT_MAX];             /* why there are no later ones; or "" */
    struct top_sample samples[TOP_SAMPLES]; /* of the last minute, the oldest first */
    size_t sample_count;
};

/* Jobs a minute over the last one (less at the beginning), and the part of the attempts that
 * failed in percent. NAN where it is not known yet. */
struct top_rates {
    double incoming, processed, failure_rate;
};

/* Asks for all of it, within timeout_ms a question. Where that fails what was known stays, and
 * failure says why. Returns 0, or -1 with err. */
int top_figures_read(struct top_figures *figures, const char *socket, int64_t timeout_ms,
                     struct err *err);
void top_figures_finish(struct top_figures *figures);

/* The rates of one queue, from the oldest sample to the last answers. All are NAN while there are
 * no two moments to compare; the failure rate also where no attempt has ended in between. */
struct top_rates top_figures_rates(const struct top_figures *figures, const char *queue);

/* The queue's part of a status; NULL where there is none. */
const cJSON *top_queue_of(const cJSON *status, const char *queue);

/* A number of an answer; NAN where it is null or not there. */
double top_number(const cJSON *object, const char *name);

#endif
