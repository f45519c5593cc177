/* SPDX-License-Identifier: MIT */
#ifndef SCALER_PLOT_H
#define SCALER_PLOT_H

#include "common/buf.h"
#include "scaler/simulate.h"

/* A picture (SVG) of one workload under several controllers: above how long the oldest job has
 * waited, with the promise as a line, below how many workers there are. */
struct plot_series {
    const char *name;
    const struct sim_result *result; /* with samples */
};

#define PLOT_SERIES_MAX 6

/* Appends the picture. Returns 0, or -1 past the buffer's cap. */
int plot_svg(const char *title, double promise, const struct plot_series *series, size_t count,
             struct buf *out);

#endif
