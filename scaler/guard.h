/* SPDX-License-Identifier: MIT */
#ifndef SCALER_GUARD_H
#define SCALER_GUARD_H

#include "common/settings.h"
#include "scaler/decision.h"

/* Whether a host has room for more workers: pure, from figures that somebody read. */
struct host_figures {
    double memory;   /* percent in use; negative: not known, and so below */
    double load;     /* load average over a minute, a processor */
    double pressure; /* percent of the time in which something waits for memory */
};

/* Why there is no room, in words; "" where there is. Returns why. */
const char *guard_host(const struct auto_scaling_settings *limits,
                       const struct host_figures *figures, char why[REASON_SIZE]);

#endif
