/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DRIVERS_FIXTURE_H
#define TESTS_DRIVERS_FIXTURE_H

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/uuid.h"
#include "queue/driver.h"

/*
 * What the tests of all drivers share. Every test gets a store of its own (a new file, prefix or
 * table, see conformance.c) and two connections to it, so that it can be two workers at once. Times
 * are real, since most stores have a clock of their own: what must happen is awaited with a
 * deadline, what must not happen yet is seen at once.
 */
#define LEASE_MS    60000
#define PATIENCE_MS patience_ms() /* until what must happen counts as not happening */

struct fixture {
    const struct driver *driver;
    struct connection_settings settings;
    struct store *a;
    struct store *b;
    struct reservation reservation; /* of the last take() */
    struct err err;
};

/* A reservation's lease that outlives the reservation. */
struct taken {
    char uuid[UUID_TEXT_SIZE];
    struct lease lease;
};

/* 20 s, or $MUSTER_PATIENCE seconds where those are more. */
int patience_ms(void);

/* --- setting up --- */

/* Who runs the tests tells which driver, and what its settings are: key=value, with % for the
 * number of the test. Returns 0, or -1 with a message on standard error. */
int fixture_configure(int argc, char **argv);

int fixture_setup(void **state);
int fixture_teardown(void **state);

#define CONFORMANCE(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* Another connection to the test's store; the caller closes it with the driver. */
struct store *fixture_connect(struct fixture *fixture);

/* --- jobs --- */

/* A checked job with this uuid: class "Test", data {"n":1}. */
struct job job_of(const char *queue, const char *uuid);

/* Pushes through connection a; everything must be stored. */
void push(struct fixture *fixture, const struct job *jobs, size_t count);
void push_one(struct fixture *fixture, const char *queue, const char *uuid);
void push_with(struct fixture *fixture, const char *queue, const char *uuid, int priority,
               int64_t delay_ms);

/* Pushes one job and tells what became of it. */
enum push_result push_result_of(struct fixture *fixture, const struct job *job);

/* --- reserving and ending --- */

/* Reserves at most count jobs for owner. Returns how many; they are in fixture->reservation. */
size_t take(struct fixture *fixture, struct store *store, const char *owner, const char *queue,
            size_t count);
size_t take_for(struct fixture *fixture, struct store *store, const char *owner, const char *queue,
                size_t count, int64_t lease_ms);

/* Reserves exactly the job with this uuid and returns its lease. */
struct taken take_one(struct fixture *fixture, struct store *store, const char *owner,
                      const char *queue, const char *uuid);

/* Reserves the next job as soon as there is one. */
struct taken await_one(struct fixture *fixture, const char *owner, const char *queue,
                       const char *uuid);

/* The lease of a reserved job, to be kept. */
struct taken lease_of(const struct job *job);

/* Reserves all, and checks that they come in this order: uuids with a space between. */
void takes_in_order(struct fixture *fixture, const char *queue, const char *uuids);

/* Ends one attempt. Returns whether it was applied. */
bool end(struct fixture *fixture, struct store *store, const char *owner, const struct taken *taken,
         enum outcome_kind kind);
bool end_outcome(struct fixture *fixture, struct store *store, const char *owner,
                 struct outcome *outcome);
struct outcome outcome_of(const struct taken *taken, enum outcome_kind kind);

/* --- seeing --- */

struct queue_stats stats_of(struct fixture *fixture, const char *queue);
void has_stats(struct fixture *fixture, const char *queue, uint64_t pending, uint64_t reserved,
               uint64_t delayed, uint64_t failed);

/* The names of all queues, with a space behind each. */
const char *queue_names(struct fixture *fixture, char names[1024]);

int64_t now_ms(void); /* monotonic */

/* Waits a little, for loops with a deadline. */
void pause_briefly(void);

/* Fails the test with the err of the fixture where a call did not return 0. */
#define ok(fixture, call)                                                                          \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, (fixture)->err.text);                                        \
    } while (0)

/* Fails the test where a call did not fail with this code. */
#define fails(fixture, expected, call)                                                             \
    do {                                                                                           \
        err_clear(&(fixture)->err);                                                                \
        assert_int_equal((call), -1);                                                              \
        assert_int_equal((fixture)->err.code, (expected));                                         \
        err_clear(&(fixture)->err);                                                                \
    } while (0)

#endif
