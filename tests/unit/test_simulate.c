/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "scaler/plot.h"
#include "scaler/scenario.h"

static const struct sim_settings settings = {.promise = 30, .boot = 2, .min = 1, .max = 20};

static const struct sim_controller *controller(const char *name)
{
    struct err err = ERR_INIT;
    const struct sim_controller *found = scenario_controller(name, &err);
    if (!found)
        fail_msg("%s", err.text);
    return found;
}

static struct workload *parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct workload *workload = workload_parse("dir/trace.csv", text, strlen(text), &err);
    if (!workload)
        fail_msg("%s", err.text);
    return workload;
}

static void assert_refused(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(workload_parse("trace.csv", text, strlen(text), &err));
    assert_string_equal(err.text, message);
}

#define SHAPES "; write at,work[,queue] or {\"at\":1.5,\"work\":0.2}"

/* --- Traces --- */

static void test_traces(void **state)
{
    (void)state;
    struct workload *workload =
        parsed("at,work,queue\n# a comment\n1700000010.5,0.25,1\r\n1700000000,2\n"
               "{\"at\":1700000005,\"work\":1,\"queue\":0,\"more\":true}\n\n");
    assert_string_equal(workload->name, "trace.csv");
    assert_int_equal(workload->arrival_count, 3);
    assert_int_equal(workload->queue_count, 2);
    assert_true(workload->arrivals[0].at == 0 && workload->arrivals[0].work == 2);
    assert_true(workload->arrivals[1].at == 5 && workload->arrivals[1].queue == 0);
    assert_true(workload->arrivals[2].at == 10.5 && workload->arrivals[2].queue == 1);
    assert_true(workload->length == 71);
    workload_destroy(workload);
}

static void test_traces_that_are_refused(void **state)
{
    (void)state;
    assert_refused("1,2\nx,y\n", "trace.csv:2: that are not two numbers" SHAPES);
    assert_refused("1\n", "trace.csv: there is no job in it");
    assert_refused("1,2\n1\n", "trace.csv:2: that are not two numbers" SHAPES);
    assert_refused("1,-2\n", "trace.csv:1: the work is not 0 to 604800 seconds" SHAPES);
    assert_refused("nan,2\n", "trace.csv:1: the time is not a number" SHAPES);
    assert_refused("1,nan\n", "trace.csv:1: the work is not 0 to 604800 seconds" SHAPES);
    assert_refused("1,2,8\n", "trace.csv:1: the queue is not a whole number from 0 to 7" SHAPES);
    assert_refused("1,2,0,5\n", "trace.csv:1: the third number is not one" SHAPES);
    assert_refused("{\"at\":1}\n", "trace.csv:1: work must be a number");
    assert_refused("1,2\n9999999,2\n", "trace.csv: it is longer than 31 days");
}

/* --- The engine --- */

static void test_one_worker_one_after_the_other(void **state)
{
    (void)state;
    struct workload *workload = parsed("0,10\n0,10\n0,10\n5,0.5\n");
    const struct sim_settings one = {.promise = 15, .boot = 2, .min = 1, .max = 1};
    struct sim_result result;
    simulate(workload, &one, controller("latency"), true, &result);
    assert_int_equal(result.jobs, 4);
    assert_int_equal(result.spawns, 1);
    /* begun at 2, 12, 22 and 32 */
    assert_int_equal(result.late, 2);
    assert_true(fabs(result.over - (22 - 15 + 32 - 22)) < 1e-6);
    assert_true(fabs(result.worker_seconds - workload->length) < 1e-6);
    assert_true(fabs(histogram_mean_us(&result.waits) / 1e6 - (2 + 12 + 22 + 27) / 4.) < 1e-3);
    assert_int_equal(result.sample_count, (size_t)workload->length);
    assert_true(result.samples[0].workers == 1 && result.samples[0].ready == 3);
    sim_result_finish(&result);
    workload_destroy(workload);
}

/* M/M/2 at 0.75: the mean wait is 1.286 service times. */
static void test_the_queue_is_erlangs(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 64u << 20);
    srand(1);
    double at = 0;
    for (int i = 0; i < 100000; i++) {
        at -= log(1 - rand() / (RAND_MAX + 1.)) / 1.5;
        buf_printf(&text, "%.6f,%.6f\n", at, -log(1 - rand() / (RAND_MAX + 1.)));
    }
    struct err err = ERR_INIT;
    struct workload *workload = workload_parse("mm2", buf_text(&text), text.length, &err);
    assert_non_null(workload);
    const struct sim_settings two = {.promise = 1000, .boot = 0, .min = 2, .max = 2};
    struct sim_result result;
    simulate(workload, &two, controller("latency"), false, &result);
    double mean = histogram_mean_us(&result.waits) / 1e6;
    assert_true(mean > 1.286 * 0.95 && mean < 1.286 * 1.05);
    sim_result_finish(&result);
    workload_destroy(workload);
    buf_finish(&text);
}

static void test_the_same_seed_gives_the_same(void **state)
{
    (void)state;
    for (const char *const *name = workload_generators; *name; name++) {
        struct sim_result results[2];
        for (int i = 0; i < 2; i++) {
            struct workload *workload = workload_generate(*name, WORKLOAD_TRAINING, 7, 1200, NULL);
            simulate(workload, &settings, controller("latency"), false, &results[i]);
            workload_destroy(workload);
        }
        assert_memory_equal(&results[0], &results[1], sizeof results[0]);
    }
}

static void test_nothing_is_lost_and_nobody_interrupted(void **state)
{
    (void)state;
    const struct sim_controller *each = sim_controllers;
    for (; each->name; each++) {
        struct workload *workload = workload_generate("bursts", WORKLOAD_VALIDATION, 3, 1800, NULL);
        workload->length += 600; /* without arrivals: all can be done */
        struct sim_result result;
        simulate(workload, &settings, each, false, &result);
        assert_int_equal(result.jobs - result.interrupted, workload->arrival_count);
        assert_true(each->kill_after > 0 || result.interrupted == 0);
        sim_result_finish(&result);
        workload_destroy(workload);
    }
}

static void test_a_worker_that_is_killed_loses_its_job_to_another(void **state)
{
    (void)state;
    struct workload *workload = parsed("0,300\n1,300\n2,300\n3,300\n500,0.1\n900,0.1\n");
    struct sim_result result;
    simulate(workload, &settings, controller("horizon-timeout"), false, &result);
    assert_true(result.interrupted > 0);
    assert_true(result.jobs > 6);
    sim_result_finish(&result);
    workload_destroy(workload);
}

static void test_generators_that_are_not_there(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_null(workload_generate("burst", WORKLOAD_TRAINING, 1, 60, &err));
    assert_string_equal(err.text, "there is no generator \"burst\"; did you mean bursts");
    assert_null(workload_generate("bursts", WORKLOAD_TRAINING, 1, NAN, NULL));
    assert_null(scenario_controller("horizont", NULL));
}

/* --- What the policy latency is to reach --- */

#define CONTROLLERS 6

struct totals {
    const struct sim_controller *controllers[CONTROLLERS];
    struct sim_result results[CONTROLLERS];
};

static void add_line(void *context, const struct scenario_line *line)
{
    struct totals *totals = context;
    for (size_t i = 0; i < CONTROLLERS; i++)
        if (totals->controllers[i] == line->controller)
            sim_result_add(&totals->results[i], &line->result);
}

static void assert_reaches(enum workload_set set)
{
    struct totals totals = {0};
    struct scenario scenario = {
        .generators = workload_generators,
        .controllers = totals.controllers,
        .controller_count = CONTROLLERS,
        .boots = {2, 15},
        .boot_count = 2,
        .set = set,
        .seed = 11,
        .seeds = 1,
        .length = 3600,
        .settings = settings,
    };
    for (size_t i = 0; i < CONTROLLERS; i++)
        totals.controllers[i] = &sim_controllers[i];
    while (workload_generators[scenario.generator_count])
        scenario.generator_count++;
    assert_int_equal(scenario_run(&scenario, add_line, &totals, NULL), 0);
    const struct sim_result *latency = &totals.results[0];
    for (size_t i = 1; i < CONTROLLERS; i++) {
        const struct sim_result *other = &totals.results[i];
        assert_true(latency->over <= other->over);
        if (other->late <= other->jobs / 100)
            assert_true(latency->worker_seconds <= 1.05 * other->worker_seconds);
        if (strcmp(totals.controllers[i]->name, "horizon") == 0)
            assert_true(latency->spawns * 5 < other->spawns);
    }
    assert_int_equal(latency->interrupted, 0);
}

static void test_what_the_law_reaches(void **state)
{
    (void)state;
    if (is_brief())
        return; /* figures of a code that the others run */
    assert_reaches(WORKLOAD_TRAINING);
    assert_reaches(WORKLOAD_VALIDATION);
}

/* --- Pictures --- */

static void test_a_picture(void **state)
{
    (void)state;
    struct workload *workload = parsed("0,10\n3,10\n200,1\n");
    struct sim_result result;
    struct buf picture;
    buf_init(&picture, 1 << 20);
    simulate(workload, &settings, controller("latency"), true, &result);
    const struct plot_series series = {"latency", &result};
    assert_int_equal(plot_svg("a <b> & c", 30, &series, 1, &picture), 0);
    const char *text = buf_text(&picture);
    assert_memory_equal(text, "<svg ", 5);
    assert_non_null(strstr(text, ">a &#60;b&#62; &#38; c</text>"));
    assert_string_equal(text + picture.length - 7, "</svg>\n");
    struct buf small;
    buf_init(&small, 1000);
    assert_int_equal(plot_svg("x", 30, &series, 1, &small), -1);
    buf_finish(&small);
    buf_finish(&picture);
    sim_result_finish(&result);
    workload_destroy(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_traces_that_are_refused),
        cmocka_unit_test(test_one_worker_one_after_the_other),
        cmocka_unit_test(test_the_queue_is_erlangs),
        cmocka_unit_test(test_the_same_seed_gives_the_same),
        cmocka_unit_test(test_nothing_is_lost_and_nobody_interrupted),
        cmocka_unit_test(test_a_worker_that_is_killed_loses_its_job_to_another),
        cmocka_unit_test(test_generators_that_are_not_there),
        cmocka_unit_test(test_what_the_law_reaches),
        cmocka_unit_test(test_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
