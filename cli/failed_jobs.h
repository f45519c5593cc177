/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAILED_JOBS_H
#define CLI_FAILED_JOBS_H

#include "cli/context.h"

/* What the commands on failed jobs share: which ones are meant, and acting on all of them in
 * bounded batches. */

/* The rows that filter_from_options reads. */
#define FILTER_OPTIONS                                                                             \
    QUEUE_OPTION, CONNECTION_OPTION,                                                               \
        {.name = "class", .kind = OPTION_TEXT, .value = "JOB", .help = "only jobs of this class"}, \
        {.name = "text",                                                                           \
         .kind = OPTION_TEXT,                                                                      \
         .value = "TEXT",                                                                          \
         .help = "only with this text in the exception (either case)"},                            \
        {.name = "since",                                                                          \
         .kind = OPTION_DURATION,                                                                  \
         .value = "TIME",                                                                          \
         .max = JOB_DELAY_MAX * 1000LL,                                                            \
         .help = "only those that failed in the last TIME, e.g. 1h"},                              \
    {                                                                                              \
        .name = "fingerprint", .kind = OPTION_TEXT, .value = "ID",                                 \
        .help = "only of this group of queue:failed --group"                                       \
    }

/* The filter that the options describe; its strings belong to them. */
struct failed_filter failed_filter_from_options(const struct options *options);

/* True where an option narrows the choice. */
bool failed_filter_given(const struct options *options);

/* Checks that the options say in exactly one way which failed jobs are meant: uuids, a filter, or
 * --all where the command has it. Returns 0, or -1 with err. */
int failed_check_choice(const struct options *options, bool has_all, struct err *err);

/* failed_retry or failed_remove of a driver. */
typedef int (*failed_action_fn)(struct store *store, const struct failed_filter *filter,
                                uint64_t *count, struct err *err);

/* Calls action until nothing matches any more, at most batch_size jobs a call. What fails after the
 * beginning is left, so that it comes to an end. *total gets how many there were, also when it
 * fails in the middle (what is done by then stays done). Returns 0, or -1 with err. */
int failed_act_on_all(struct context *context, failed_action_fn action, const char *what,
                      struct failed_filter filter, uint64_t *total, struct err *err);

/* Acts on those that the arguments or the options choose. For uuids in the arguments: goes on
 * behind one that is not there; returns -1 with err (ERR_NOT_FOUND) at the end then. */
int failed_act_on_chosen(struct context *context, failed_action_fn action, const char *what,
                         uint64_t *total, struct err *err);

#endif
