/* SPDX-License-Identifier: MIT */
#ifndef SCALER_COMMAND_H
#define SCALER_COMMAND_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "scaler/decision.h"
#include "scaler/load_history.h"
#include "scaler/policy.h"

/*
 * The pure part of the policy command: the figures that the scaling command is given on its
 * standard input, and its answer. Both are one JSON object; the answer is {"workers": 5, "reason":
 * "…"}, the reason may be left out, and a number alone will do.
 */
#define COMMAND_ANSWER_MAX 65536 /* bytes of an answer */

struct scaling_command_answer {
    int64_t workers;          /* within the policy's bounds */
    char reason[REASON_SIZE]; /* valid UTF-8 on one line */
};

/* Appends the figures, with a newline. Returns 0, or -1 past the buffer's cap. */
int scaling_command_request(const char *queue, const struct policy *policy,
                            const struct load_history *history, const struct load *load,
                            struct buf *out);

/* Reads an answer and clamps it to the policy's bounds (the reason says so). Returns 0, or -1 with
 * err saying what is wrong with it. */
int scaling_command_answer(const struct policy *policy, const char *text, size_t length,
                           struct scaling_command_answer *answer, struct err *err);

#endif
