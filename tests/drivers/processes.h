/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DRIVERS_PROCESSES_H
#define TESTS_DRIVERS_PROCESSES_H

#include <stdatomic.h>

#include "tests/drivers/fixture.h"

/*
 * Several processes on one store. The connections of the fixture are closed meanwhile, since no
 * store may cross a fork; each process has one of its own, as fixture->a. What they find out goes
 * into memory that they share.
 */
#define TOGETHER_MAX 8
#define JOBS_MAX     4000

struct shared {
    _Atomic int ready;          /* processes at the barrier */
    _Atomic int seen[JOBS_MAX]; /* how often the job with this number was finished */
    _Atomic int counts[8];      /* for whatever the test counts */
};

typedef void (*process_fn)(struct fixture *fixture, struct shared *shared, int number);

struct shared *shared_new(void);
void shared_free(struct shared *shared);

/* Runs count processes of one function each and waits for them. A check that fails in one of them
 * fails the test. The one with the number `killed` (-1: none) may also be killed. */
void run_together(struct fixture *fixture, struct shared *shared, const process_fn *functions,
                  int count, int killed);

/* Waits until all `count` processes are here; `round` counts up from 1. */
void meet(struct shared *shared, int count, int round);

/* The uuid of a job with a number, and back. */
const char *uuid_of(int number, char uuid[UUID_SIZE]);
int number_of(const char *uuid);

/* Pushes jobs first to first + count - 1, at most 100 a call. */
void push_numbered(struct fixture *fixture, const char *queue, int first, int count);

#endif
