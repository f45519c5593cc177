/* SPDX-License-Identifier: MIT */
#include "scaler/threshold.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FASTER_IN    1.5 /* than jobs are done */
#define HIGH_BUSY    0.85
#define FASTER_OUT   2. /* than jobs arrive */
#define LOW_BUSY     0.30
#define SHORT_WAIT   10. /* seconds */
#define SHORT_QUEUE  5.  /* jobs */
#define MEASURED_MIN 5.  /* seconds that rates must cover to be compared */

/* What the rules look at. */
struct figures {
    double size, incoming, processing, busy, wait;
    bool measured; /* long enough for the rates to mean something */
};

static struct figures figures_of(const struct load_history *history, const struct load *load)
{
    return (struct figures){
        .size = load->ready,
        .incoming = rate_of(&history->incoming),
        .processing = rate_of(&history->processing),
        .busy = rate_of(&history->utilisation),
        .wait = load_history_mean_wait(history, load),
        .measured = history->incoming.of >= MEASURED_MIN,
    };
}

/* Adds a reason to those that there are. */
static void add_reason(char reasons[REASON_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_reason(char reasons[REASON_SIZE], const char *format, ...)
{
    size_t length = strlen(reasons);
    va_list arguments;
    if (length > 0)
        length += (size_t)snprintf(reasons + length, REASON_SIZE - length, ", ");
    if (length >= REASON_SIZE)
        return;
    va_start(arguments, format);
    vsnprintf(reasons + length, REASON_SIZE - length, format, arguments);
    va_end(arguments);
}

static void reasons_up(const struct policy *policy, const struct figures *now,
                       char reasons[REASON_SIZE])
{
    if (now->size > (double)policy->up_threshold)
        add_reason(reasons, "Queue size (%.0f) > threshold (%lld)", now->size,
                   (long long)policy->up_threshold);
    if (now->measured && now->incoming > FASTER_IN * now->processing)
        add_reason(reasons, "Incoming rate (%.1f/s) > 1.5 x processing rate (%.1f/s)",
                   now->incoming, now->processing);
    if (now->busy > HIGH_BUSY)
        add_reason(reasons, "High worker utilization (%.0f%%)", now->busy * 100);
    if (now->wait > policy->promise)
        add_reason(reasons, "Average wait time (%.0f s) > max_wait_time (%.4g s)", now->wait,
                   policy->promise);
}

static void reasons_down(const struct policy *policy, const struct figures *now,
                         char reasons[REASON_SIZE])
{
    if (now->size < (double)policy->down_threshold && now->busy < LOW_BUSY &&
        now->wait < SHORT_WAIT)
        add_reason(reasons, "Queue size (%.0f) < threshold (%lld), Low worker utilization (%.0f%%)",
                   now->size, (long long)policy->down_threshold, now->busy * 100);
    if (now->measured && now->processing > FASTER_OUT * now->incoming && now->size < SHORT_QUEUE)
        add_reason(reasons, "Processing rate (%.1f/s) > 2 x incoming rate (%.1f/s)",
                   now->processing, now->incoming);
}

void threshold_decide(const struct policy *policy, const struct load_history *history,
                      const struct load *load, struct decision *decision)
{
    const struct figures now = figures_of(history, load);
    char up[REASON_SIZE] = "", down[REASON_SIZE] = "";
    reasons_up(policy, &now, up);
    reasons_down(policy, &now, down);
    if (up[0] && load->workers < policy->max)
        decision_set(decision, load->workers + policy->up_step, TERM_RULES, "%s", up);
    else if (down[0] && load->workers > policy->min)
        decision_set(decision, load->workers - policy->down_step, TERM_RULES, "%s", down);
    else if (up[0])
        decision_set(decision, load->workers, TERM_MAX, "%s, but max_workers is %lld", up,
                     (long long)policy->max);
    else
        decision_set(decision, load->workers, TERM_ENOUGH, "No rule asks for a change");
}
