/* SPDX-License-Identifier: MIT */
/* Whether a master is ready, by a clock that the test sets. */
#include "tests/unit/settings_text.h"

#include "supervisor/master.h"

#define TEXT                                                                                       \
    "[muster]\ndatadir = /tmp\n[queue:mails]\ncommand = true\n[queue:photos]\ncommand = true\n"    \
    "connection = other\n[connection:database]\n[connection:other]\ndriver = sqlite\n"

static int64_t now_ms;

static int64_t read_clock(void *context)
{
    (void)context;
    return now_ms * 1000;
}

static const struct clock test_clock = {.monotonic_us = read_clock};

struct fixture {
    struct master master;
    struct pool mails, photos;
};

/* A master whose queues have just been heard of. */
static int setup(void **state)
{
    static struct fixture fixture;
    now_ms = 1000000;
    fixture = (struct fixture){
        .master = {.phase = MASTER_RUNNING, .settings = parsed(TEXT), .pools = &fixture.mails},
        .mails = {.queue = "mails", .has_metrics = true, .measured_ms = now_ms},
        .photos = {.queue = "photos", .has_metrics = true, .measured_ms = now_ms},
    };
    fixture.mails.next = &fixture.photos;
    fixture.master.host.clock = &test_clock;
    fixture.master.maintenance.process.state = PROCESS_RUNNING;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    settings_destroy(fixture->master.settings);
    return 0;
}

static void assert_ready(const struct fixture *fixture)
{
    struct err err = ERR_INIT;
    if (master_check_ready(&fixture->master, &err) < 0)
        fail_msg("%s", err.text);
}

static void assert_not_ready(const struct fixture *fixture, const char *why)
{
    struct err err = ERR_INIT;
    assert_int_equal(master_check_ready(&fixture->master, &err), -1);
    assert_string_equal(err.text, why);
}

static void test_a_store_that_has_never_been_reached(void **state)
{
    struct fixture *fixture = *state;
    fixture->photos.has_metrics = false;
    assert_not_ready(fixture, "nothing was heard of queue photos lately");
    fixture->photos.has_metrics = true;
    assert_ready(fixture);
}

static void test_a_store_that_has_not_been_reached_for_the_limit(void **state)
{
    struct fixture *fixture = *state;
    now_ms += MASTER_SILENCE_MS;
    assert_ready(fixture);
    now_ms++;
    assert_not_ready(fixture, "nothing was heard of queue mails lately");
    fixture->mails.measured_ms = now_ms;
    assert_not_ready(fixture, "nothing was heard of queue photos lately");
    fixture->photos.measured_ms = now_ms - MASTER_SILENCE_MS;
    assert_ready(fixture);
}

/* A queue that a reload has taken away is not waited for. */
static void test_a_queue_that_is_not_in_the_settings(void **state)
{
    struct fixture *fixture = *state;
    struct pool gone = {.queue = "gone"};
    fixture->photos.next = &gone;
    assert_ready(fixture);
}

static void test_without_the_maintenance_process(void **state)
{
    struct fixture *fixture = *state;
    fixture->master.maintenance.process.state = PROCESS_BACKOFF;
    assert_not_ready(fixture, "the maintenance process is not there");
}

static void test_a_master_that_stops(void **state)
{
    struct fixture *fixture = *state;
    fixture->master.phase = MASTER_STOPPING;
    assert_not_ready(fixture, "stopping");
}

/* Programs alone need no store. */
static void test_a_master_without_queues(void **state)
{
    struct fixture *fixture = *state;
    fixture->master.settings->serves_queues = false;
    fixture->master.maintenance.process.state = PROCESS_STOPPED;
    fixture->mails.has_metrics = false;
    assert_ready(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_store_that_has_never_been_reached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_store_that_has_not_been_reached_for_the_limit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_queue_that_is_not_in_the_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_the_maintenance_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_master_that_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_master_without_queues, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
