/* SPDX-License-Identifier: MIT */

/*
 * Holds a driver to the contract (queue/driver.h):
 *
 *     conformance [--part=NAME]… KEY=VALUE…
 *
 * The keys are those of [connection:NAME]; a % in a value stands for a number that differs from
 * test to test, so that each has a store of its own:
 *
 *     conformance driver=sqlite path=/tmp/x/%.db
 *     conformance driver=redis port=7001 prefix=test%:
 *     conformance driver=pgsql … table=t%_jobs failed_table=t%_failed_jobs
 */
#include <stdio.h>

#include "tests/drivers/suite.h"

static const struct part *const parts[] = {
    &part_push,   &part_reserve, &part_outcomes, &part_leases, &part_wake,    &part_figures,
    &part_failed, &part_jobs,    &part_batches,  &part_notes,  &part_metrics, &part_races,
};

#define PART_COUNT (sizeof parts / sizeof parts[0])
#define TESTS_MAX  500

static bool is_wanted(const struct part *part, char **options, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i] + strlen("--part="), part->name) == 0)
            return true;
    }
    return count == 0;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[TESTS_MAX];
    size_t test_count = 0;
    int options = 0;
    while (options + 1 < argc && strncmp(argv[options + 1], "--part=", strlen("--part=")) == 0)
        options++;
    if (fixture_configure(argc - 1 - options, argv + 1 + options) < 0)
        return 2;
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (!is_wanted(parts[i], argv + 1, options))
            continue;
        memcpy(tests + test_count, parts[i]->tests, parts[i]->count * sizeof *tests);
        test_count += parts[i]->count;
    }
    return _cmocka_run_group_tests("conformance", tests, test_count, NULL, NULL);
}
