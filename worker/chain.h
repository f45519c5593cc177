/* SPDX-License-Identifier: MIT */
#ifndef WORKER_CHAIN_H
#define WORKER_CHAIN_H

#include "common/err.h"
#include "common/settings.h"
#include "worker/attempt.h"

/* The next job of a chain, with what is left of the chain: it is pushed together with the success
 * of this one. Returns 0, or -1 with err where the chain cannot go on. */
int chain_push_next(struct attempt *attempt, const struct settings *settings, struct err *err);

/* The first element of a scanned array, and the text of the others without the brackets (empty
 * where there are none). Returns false for an empty array. Pure. */
bool chain_split(const struct json_slice *array, struct json_slice *first, struct json_slice *rest);

#endif
