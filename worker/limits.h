/* SPDX-License-Identifier: MIT */
#ifndef WORKER_LIMITS_H
#define WORKER_LIMITS_H

#include "worker/core.h"

/* The options that hold for a job (whose route is known) by its class: what [job:CLASS] says, where it is silent what the
 * handler declares, and then what the queue says. What a job says itself goes before all of them.
 */
struct worker_options limits_of(const struct worker *worker, const struct attempt *attempt);

#endif
