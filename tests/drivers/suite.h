/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DRIVERS_SUITE_H
#define TESTS_DRIVERS_SUITE_H

#include "tests/drivers/fixture.h"

/* The parts of the suite; conformance.c runs them. */
struct part {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
};

#define PART(its_name, its_tests)                                                                  \
    {                                                                                              \
        .name = (its_name), .tests = (its_tests), .count = sizeof(its_tests) / sizeof *(its_tests) \
    }

extern const struct part part_push;
extern const struct part part_reserve;
extern const struct part part_outcomes;
extern const struct part part_leases;
extern const struct part part_wake;
extern const struct part part_figures;
extern const struct part part_failed;
extern const struct part part_jobs;
extern const struct part part_batches;
extern const struct part part_notes;
extern const struct part part_metrics;
extern const struct part part_races;

#endif
