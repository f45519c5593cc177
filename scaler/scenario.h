/* SPDX-License-Identifier: MIT */
#ifndef SCALER_SCENARIO_H
#define SCALER_SCENARIO_H

#include "scaler/simulate.h"

/* A comparison: workloads, each under several controllers and with several boot times. */
#define SCENARIO_BOOTS_MAX 8

struct scenario {
    const char *const *generators; /* names; NULL where a trace is run */
    size_t generator_count;
    const struct workload *trace; /* or NULL */
    const struct sim_controller **controllers;
    size_t controller_count;
    double boots[SCENARIO_BOOTS_MAX]; /* seconds */
    size_t boot_count;
    enum workload_set set;
    uint64_t seed;                /* of the first; the others follow */
    uint64_t seeds;               /* how many: figures of all are added up */
    double length;                /* seconds of a generated workload */
    struct sim_settings settings; /* boot is filled in */
};

/* The figures of one line of the comparison: sums over the seeds. */
struct scenario_line {
    const char *workload;
    double boot;
    const struct sim_controller *controller;
    struct sim_result result;
};

/* Runs all of it and calls each with every line: the controllers of one workload and boot time
 * after each other. Returns 0, or -1 with err (a generator that is not there). */
int scenario_run(const struct scenario *scenario,
                 void (*each)(void *context, const struct scenario_line *line), void *context,
                 struct err *err);

/* The controller of this name. NULL with err naming the nearest. */
const struct sim_controller *scenario_controller(const char *name, struct err *err);

#endif
