/* SPDX-License-Identifier: MIT */
#include "tests/drivers/fixture.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/settings.h"
#include "drivers/drivers.h"

static struct {
    char **arguments; /* key=value */
    int count;
    int test_number;
} configured;

/* --- setting up --- */

int patience_ms(void)
{
    const char *seconds = getenv("MUSTER_PATIENCE");
    int wanted = seconds ? 1000 * atoi(seconds) : 0;
    return wanted > 20000 ? wanted : 20000;
}

/* The value with the number in place of %. malloc'd. */
static char *number_value(const char *value)
{
    struct buf out;
    buf_init(&out, 4096);
    for (; *value; value++) {
        if (*value == '%')
            buf_printf(&out, "%d_%d", (int)getpid(), configured.test_number);
        else
            buf_append(&out, value, 1);
    }
    return buf_steal(&out);
}

static int configure(struct connection_settings *settings, struct err *err)
{
    *settings = (struct connection_settings){.name = mem_strdup("test")};
    keys_set_defaults(&settings_connection_table, settings);
    settings->timeout = PATIENCE_MS;
    for (int i = 0; i < configured.count; i++) {
        const char *argument = configured.arguments[i];
        const char *equals = strchr(argument, '=');
        if (!equals)
            return err_set(err, ERR_INVALID, "%s: not KEY=VALUE", argument);
        char *key = mem_strndup(argument, (size_t)(equals - argument));
        char *value = number_value(equals + 1);
        int result = keys_set(&settings_connection_table, settings, key, value, err);
        free(key);
        free(value);
        if (result < 0)
            return -1;
    }
    return 0;
}

static void settings_finish(struct connection_settings *settings)
{
    keys_finish(&settings_connection_table, settings);
    free(settings->name);
}

int fixture_configure(int argc, char **argv)
{
    struct connection_settings settings;
    struct err err = ERR_INIT;
    configured.arguments = argv;
    configured.count = argc;
    int result = configure(&settings, &err);
    if (result == 0 && !drivers_find(&settings, &err))
        result = -1;
    if (result < 0)
        fprintf(stderr, "%s\n", err.text);
    settings_finish(&settings);
    return result;
}

struct store *fixture_connect(struct fixture *fixture)
{
    struct store *store = NULL;
    ok(fixture, fixture->driver->open(&fixture->settings, &clock_system, &store, &fixture->err));
    return store;
}

int fixture_setup(void **state)
{
    struct fixture *fixture = mem_new(1, sizeof *fixture);
    *state = fixture;
    configured.test_number++;
    ok(fixture, configure(&fixture->settings, &fixture->err));
    fixture->driver = drivers_find(&fixture->settings, &fixture->err);
    fixture->a = fixture_connect(fixture);
    fixture->b = fixture_connect(fixture);
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture->driver->close(fixture->a);
    fixture->driver->close(fixture->b);
    arena_finish(&fixture->reservation.arena);
    settings_finish(&fixture->settings);
    free(fixture);
    return 0;
}

/* --- jobs --- */

struct job job_of(const char *queue, const char *uuid)
{
    static const char data[] = "{\"n\":1}";
    return (struct job){
        .uuid = uuid,
        .queue = queue,
        .name = "Test",
        .data = {.text = data, .length = sizeof data - 1, .kind = JSON_OBJECT},
    };
}

void push(struct fixture *fixture, const struct job *jobs, size_t count)
{
    enum push_result *results = mem_new(count, sizeof *results);
    ok(fixture, fixture->driver->push(fixture->a, jobs, count, results, &fixture->err));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(results[i], PUSH_STORED);
    free(results);
}

void push_with(struct fixture *fixture, const char *queue, const char *uuid, int priority,
               int64_t delay_ms)
{
    struct job job = job_of(queue, uuid);
    job.priority = priority;
    job.delay_ms = delay_ms;
    push(fixture, &job, 1);
}

void push_one(struct fixture *fixture, const char *queue, const char *uuid)
{
    push_with(fixture, queue, uuid, 0, 0);
}

enum push_result push_result_of(struct fixture *fixture, const struct job *job)
{
    enum push_result result = PUSH_STORED;
    ok(fixture, fixture->driver->push(fixture->a, job, 1, &result, &fixture->err));
    return result;
}

/* --- reserving and ending --- */

size_t take_for(struct fixture *fixture, struct store *store, const char *owner, const char *queue,
                size_t count, int64_t lease_ms)
{
    const struct reserve_request request = {
        .queue = queue, .owner = owner, .count = count, .lease_ms = lease_ms};
    ok(fixture, fixture->driver->turn(store, owner, NULL, 0, &request, &fixture->reservation,
                                      &fixture->err));
    assert_true(fixture->reservation.count <= count);
    return fixture->reservation.count;
}

size_t take(struct fixture *fixture, struct store *store, const char *owner, const char *queue,
            size_t count)
{
    return take_for(fixture, store, owner, queue, count, LEASE_MS);
}

struct taken lease_of(const struct job *job)
{
    struct taken taken = {.lease = {.id = job->id, .attempt = job->attempts}};
    snprintf(taken.uuid, sizeof taken.uuid, "%s", job->uuid);
    return taken;
}

struct taken take_one(struct fixture *fixture, struct store *store, const char *owner,
                      const char *queue, const char *uuid)
{
    assert_int_equal(take(fixture, store, owner, queue, 1), 1);
    assert_string_equal(fixture->reservation.jobs[0].uuid, uuid);
    return lease_of(&fixture->reservation.jobs[0]);
}

struct taken await_one(struct fixture *fixture, const char *owner, const char *queue,
                       const char *uuid)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (take(fixture, fixture->a, owner, queue, 1) == 0) {
        if (now_ms() > deadline)
            fail_msg("job %s did not become ready", uuid);
        pause_briefly();
    }
    assert_string_equal(fixture->reservation.jobs[0].uuid, uuid);
    return lease_of(&fixture->reservation.jobs[0]);
}

void takes_in_order(struct fixture *fixture, const char *queue, const char *uuids)
{
    struct buf order;
    buf_init(&order, 1u << 20);
    while (take(fixture, fixture->a, "in-order", queue, 7) > 0) {
        for (size_t i = 0; i < fixture->reservation.count; i++)
            buf_printf(&order, "%s%s", order.length > 0 ? " " : "",
                       fixture->reservation.jobs[i].uuid);
    }
    assert_string_equal(buf_text(&order), uuids);
    buf_finish(&order);
}

struct outcome outcome_of(const struct taken *taken, enum outcome_kind kind)
{
    struct outcome outcome = {.lease = taken->lease, .kind = kind};
    outcome.lease.uuid = taken->uuid;
    return outcome;
}

bool end_outcome(struct fixture *fixture, struct store *store, const char *owner,
                 struct outcome *outcome)
{
    ok(fixture, fixture->driver->turn(store, owner, outcome, 1, NULL, NULL, &fixture->err));
    return outcome->applied;
}

/* What is due in the same millisecond goes by the order of the pushes: a release is to come later. */
static void let_a_millisecond_pass(void)
{
    for (int64_t start = now_ms(); now_ms() < start + 2;)
        continue;
}

bool end(struct fixture *fixture, struct store *store, const char *owner, const struct taken *taken,
         enum outcome_kind kind)
{
    if (kind == OUTCOME_RELEASE)
        let_a_millisecond_pass();
    struct outcome outcome = outcome_of(taken, kind);
    if (kind == OUTCOME_FAIL) {
        outcome.cause = "exception";
        outcome.exception = "it failed";
    }
    return end_outcome(fixture, store, owner, &outcome);
}

/* --- seeing --- */

struct queue_stats stats_of(struct fixture *fixture, const char *queue)
{
    struct queue_stats stats;
    memset(&stats, 0x55, sizeof stats);
    ok(fixture, fixture->driver->stats(fixture->b, queue, &stats, &fixture->err));
    return stats;
}

void has_stats(struct fixture *fixture, const char *queue, uint64_t pending, uint64_t reserved,
               uint64_t delayed, uint64_t failed)
{
    struct queue_stats stats = stats_of(fixture, queue);
    assert_int_equal(stats.pending, pending);
    assert_int_equal(stats.reserved, reserved);
    assert_int_equal(stats.delayed, delayed);
    assert_int_equal(stats.failed, failed);
    assert_true(pending == 0 ? stats.oldest_ms == -1 : stats.oldest_ms >= 0);
}

static int add_name(void *context, const char *queue)
{
    strcat(strcat(context, queue), " ");
    return 0;
}

const char *queue_names(struct fixture *fixture, char names[1024])
{
    names[0] = '\0';
    ok(fixture, fixture->driver->queues(fixture->b, add_name, names, &fixture->err));
    return names;
}

int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
}
