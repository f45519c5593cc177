/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <limits.h>
#include <stdlib.h>

#include "drivers/pgsql/scan.h"

#define SECOND INT64_C(1000000)

static struct job job_at(int priority, int64_t due, int64_t id)
{
    return (struct job){.priority = priority, .available_at_ms = due, .id = id};
}

static bool is_in(const struct scan_range *range, const struct job *job)
{
    int rank = -job->priority;
    if (rank != range->rank)
        return rank > range->rank && rank <= range->last;
    if (job->available_at_ms != range->due)
        return job->available_at_ms > range->due;
    return job->id > range->id;
}

/* In how many ranges of the walk a job lies. */
static size_t count_in(const struct scan_walk *walk, struct job job)
{
    size_t count = 0;
    for (size_t i = 0; i < walk->count; i++)
        count += is_in(&walk->ranges[i], &job);
    return count;
}

/* A scan that is cut, after a whole walk has found jobs of these priorities. */
static struct scan cut_scan(const struct job *jobs, size_t count, int64_t now_us)
{
    struct scan scan = {0};
    struct scan_walk walk;
    pg_scan_plan(&scan, now_us, &walk);
    pg_scan_measured(&scan, 1000000, 5000, now_us);
    pg_scan_plan(&scan, now_us, &walk);
    assert_true(walk.is_whole && walk.is_measured);
    pg_scan_taken(&scan, &walk, jobs, count, now_us);
    pg_scan_measured(&scan, 1000000, 5000, now_us);
    return scan;
}

static void test_a_short_walk_is_whole(void **state)
{
    (void)state;
    struct scan scan = {0};
    struct scan_walk walk;
    int measured = 0;
    for (int i = 0; i < 160; i++) {
        pg_scan_plan(&scan, i, &walk);
        assert_true(walk.is_whole);
        assert_int_equal(walk.count, 1);
        assert_int_equal(count_in(&walk, job_at(1000, 0, 1)), 1);
        assert_int_equal(count_in(&walk, job_at(-1000, INT64_MAX, 1)), 1);
        measured += walk.is_measured;
        pg_scan_measured(&scan, 100, 20, i);
    }
    assert_int_equal(measured, 10);
    assert_int_equal(pg_scan_whole_in_ms(&scan, 0), -1);
}

static void test_a_long_walk_is_cut(void **state)
{
    (void)state;
    struct scan_walk walk;
    const struct job jobs[] = {job_at(5, 100, 7), job_at(0, 90, 3), job_at(0, 95, 4)};
    struct scan scan = cut_scan(jobs, 3, SECOND);
    pg_scan_plan(&scan, SECOND + 1, &walk);
    assert_false(walk.is_whole);
    assert_int_equal(walk.count, 5);
    assert_int_equal(count_in(&walk, job_at(5, 99, 9)), 0);  /* seen gone */
    assert_int_equal(count_in(&walk, job_at(5, 100, 7)), 1); /* may come back to its place */
    assert_int_equal(count_in(&walk, job_at(0, 89, 1)), 0);
    assert_int_equal(count_in(&walk, job_at(0, 96, 1)), 1);
    assert_int_equal(count_in(&walk, job_at(9, 1, 1)), 1); /* ranks that are not known */
    assert_int_equal(count_in(&walk, job_at(3, 1, 1)), 1);
    assert_int_equal(count_in(&walk, job_at(-1000, 1, 1)), 1);
}

static void test_the_whole_is_walked_in_proportion(void **state)
{
    (void)state;
    struct scan_walk walk;
    const struct job job = job_at(0, 100, 1);
    struct scan scan = cut_scan(&job, 1, 0); /* half a second of vain walking */
    pg_scan_plan(&scan, 4 * SECOND, &walk);
    assert_false(walk.is_whole);
    assert_in_range(pg_scan_whole_in_ms(&scan, 4 * SECOND), 1, 2000);
    pg_scan_plan(&scan, 6 * SECOND, &walk);
    assert_true(walk.is_whole && walk.is_measured);
    assert_int_equal(count_in(&walk, job_at(0, 1, 1)), 1);
    pg_scan_measured(&scan, 10, 10, 6 * SECOND); /* the table was vacuumed */
    assert_false(scan.is_cut);
    scan = cut_scan(&job, 1, 0);
    pg_scan_doubt(&scan);
    pg_scan_plan(&scan, 1, &walk);
    assert_true(walk.is_whole);
}

/* Takes jobs one after the other, due at their number, and plans once more. */
static void take(struct scan *scan, int from, int count, int64_t now_us)
{
    for (int i = from; i < from + count; i++) {
        struct scan_walk walk;
        const struct job job = job_at(0, i, i);
        scan->whole_at_us = INT64_MAX;
        pg_scan_plan(scan, now_us, &walk);
        pg_scan_taken(scan, &walk, &job, 1, now_us);
    }
}

static void test_the_place_stays_behind(void **state)
{
    (void)state;
    const struct job first = job_at(0, 1, 1);
    struct scan_walk walk;
    struct scan scan = cut_scan(&first, 1, 0);
    take(&scan, 2, 900, 1);
    pg_scan_plan(&scan, 1, &walk);
    assert_int_equal(count_in(&walk, job_at(0, 1, 1)), 1);
    take(&scan, 902, 5000, 1);
    pg_scan_plan(&scan, 1, &walk);
    assert_int_equal(count_in(&walk, job_at(0, 1, 1)), 0);
    assert_int_equal(count_in(&walk, job_at(0, 5900 - 900, 0)), 1);
    take(&scan, 5902, 1, 2 * SECOND); /* a second is enough */
    take(&scan, 5903, 1, 4 * SECOND);
    pg_scan_plan(&scan, 4 * SECOND, &walk);
    assert_int_equal(count_in(&walk, job_at(0, 5901, 0)), 0);
    assert_int_equal(count_in(&walk, job_at(0, 5903, 0)), 1);
}

static void test_stragglers_are_looked_for_until_there_are_none(void **state)
{
    (void)state;
    struct scan_walk walk;
    const struct job first = job_at(0, 1000, 1000), straggler = job_at(0, 5, 5);
    struct scan scan = cut_scan(&first, 1, 0);
    pg_scan_doubt(&scan);
    pg_scan_plan(&scan, 1, &walk);
    pg_scan_taken(&scan, &walk, &straggler, 1, 1);
    pg_scan_plan(&scan, 1, &walk);
    assert_true(walk.is_whole);
    pg_scan_taken(&scan, &walk, NULL, 0, 1);
    pg_scan_measured(&scan, 1000000, 5000, 1);
    pg_scan_plan(&scan, 2, &walk);
    assert_false(walk.is_whole);
}

/* Whatever priorities there are: each job lies in one range of a whole walk, and in at most one of
 * a cut one. */
static void test_ranges_cover_all_once(void **state)
{
    (void)state;
    srandom(7);
    for (int round = 0; round < 200; round++) {
        struct job jobs[40];
        struct scan_walk walk;
        struct scan scan = {0};
        size_t count = (size_t)(random() % 40);
        int priority = 1000;
        for (size_t i = 0; i < count; i++) {
            priority -= (int)(random() % 40);
            jobs[i] = job_at(priority, (int64_t)i, (int64_t)i + 1);
        }
        scan = cut_scan(jobs, count, 0);
        pg_scan_add_rank(&scan, (int)(random() % 2001) - 1000);
        assert_true(scan.rank_count <= SCAN_RANKS_MAX);
        pg_scan_plan(&scan, 1, &walk);
        for (int i = 0; i < 100; i++)
            assert_true(count_in(&walk, job_at((int)(random() % 2001) - 1000, random() % 100, 1)) <=
                        1);
        pg_scan_doubt(&scan);
        pg_scan_plan(&scan, 1, &walk);
        assert_true(walk.count <= SCAN_RANGES_MAX);
        for (int i = 0; i < 100; i++)
            assert_int_equal(
                count_in(&walk, job_at((int)(random() % 2001) - 1000, random() % 100, 1)), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_short_walk_is_whole),
        cmocka_unit_test(test_a_long_walk_is_cut),
        cmocka_unit_test(test_the_whole_is_walked_in_proportion),
        cmocka_unit_test(test_the_place_stays_behind),
        cmocka_unit_test(test_stragglers_are_looked_for_until_there_are_none),
        cmocka_unit_test(test_ranges_cover_all_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
