/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/*
 * Time, and the seam through which tests set it. Times are whole milliseconds or microseconds, as the
 * name says. Timers use the monotonic clock, so that a step of the wall clock is not noticed; the wall
 * clock is only for what is stored and shown.
 */
struct clock {
    int64_t (*monotonic_us)(void *context);
    int64_t (*wall_ms)(void *context);
    void *context;
};

/* The system's clocks. */
extern const struct clock clock_system;

/* CLOCK_MONOTONIC in microseconds, milliseconds. */
int64_t clock_monotonic_us(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);

/* Milliseconds since the epoch. */
int64_t clock_wall_ms(const struct clock *clock);

#define CLOCK_TEXT_SIZE 32

/* "YYYY-MM-DD HH:MM:SS" of a wall time in the local zone, as the guide prints times; "-" for 0.
 * Returns text. */
const char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

#endif
