/* SPDX-License-Identifier: MIT */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When a process that has ended is started again: pure. A pause doubles with each failure in a row,
 * up to a cap, and is shortened at random by up to a quarter, so that many processes that fail
 * together do not come back together.
 */
struct backoff_policy {
    int64_t delay_ms;     /* the first pause */
    int64_t delay_max_ms; /* the longest */
};

/* How a process ended. */
struct backoff_ending {
    bool was_ready;     /* it had said that it works */
    bool was_expected;  /* it ended by itself, with exit status 0 */
    int64_t running_ms; /* since it was ready */
};

/* A process that worked for so long was well: the failures before it do not count any more. */
int64_t backoff_well_ms(const struct backoff_policy *policy);

/* The failures in a row, this ending included: 0 where it was none. */
unsigned backoff_failures(const struct backoff_policy *policy, unsigned failures,
                          const struct backoff_ending *ending);

/* The pause before the next start, in milliseconds. A process that was ready is started again at
 * once after its first failure. random is any number; it gives the jitter. */
int64_t backoff_pause(const struct backoff_policy *policy, unsigned failures, bool was_ready,
                      uint32_t random);

#endif
