/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PULSE_H
#define WORKER_PULSE_H

#include "worker/core.h"

/*
 * What a worker does every second while it works, and every ten when it does not: tells the master
 * that it lives, looks at what it and its handlers use, asks idle handlers for a sign of life,
 * reaps what they left behind.
 */
#define PULSE_BUSY_MS 1000
#define PULSE_IDLE_MS 10000
#define PULSES_A_PING 3

/* Begins: the first pulse comes after one period. Finishing stops them. */
void pulse_init(struct worker *worker);
void pulse_finish(struct worker *worker);

/* Tells that the worker is ready once that is known. */
void pulse_tell_ready(struct worker *worker);

/* Quickens when there is work. */
void pulse_step(struct worker *worker);

/* Handler time spent in jobs since the start, with that of jobs that still run; *busy gets how many
 * handlers run one. */
uint64_t pulse_busy_us(const struct worker *worker, uint32_t *busy);

/* The pause until the next pulse. Pure. */
int64_t pulse_period_ms(bool is_busy, int64_t health_check_interval_ms);

#endif
