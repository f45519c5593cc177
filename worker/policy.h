/* SPDX-License-Identifier: MIT */
#ifndef WORKER_POLICY_H
#define WORKER_POLICY_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/mem.h"
#include "common/settings.h"
#include "queue/job.h"
#include "worker/verdict.h"

/*
 * The rules for failed attempts, [policy:NAME], ready to be asked: pure.
 */
#define POLICY_TEXT_MAX   8192  /* bytes of a message that are looked at */
#define POLICY_ANSWER_MAX 65536 /* bytes of what a decision program answers */

struct policy_rule {
    const struct policy_settings *settings;
    regex_t expression;
    bool has_expression;
};

struct policy {
    struct policy_rule *rules;
    size_t count;
};

/* Makes the rules of settings, which must outlive them, ready. Returns 0, or -1 with err; to be
 * ended with policy_finish either way. */
int policy_init(struct policy *policy, const struct settings *settings, struct err *err);
void policy_finish(struct policy *policy);

/* The first rule whose conditions hold for the failed attempt of a job. NULL where there is none.
 */
const struct policy_settings *policy_find(const struct policy *policy, const struct ending *ending,
                                          const struct job *job);

/* What a rule says, where that is not to be asked of its command. */
struct decision policy_decision(const struct policy_settings *rule);

/* What a decision program is given: the failure as a JSON object on one line. rule is its name;
 * NULL leaves it away. Returns 0, or -1 past the buffer's cap. */
int policy_describe(const struct ending *ending, const struct job *job, const char *rule,
                    struct buf *out);

/* Reads what it answers: {"action": "retry" | "discard" | "fail" | "default", "delay": seconds}.
 * Returns 0, or -1 with err saying what is wrong with it. */
int policy_read_answer(const char *text, size_t length, struct decision *decision, struct err *err);

#endif
