/* SPDX-License-Identifier: MIT */
#include "supervisor/alerts/rules.h"

#include <inttypes.h>
#include <stdio.h>

#define CRASHES 3 /* failed starts in a row that are a loop */
#define HOLD_MS 15000

static const struct {
    const char *name;
    enum alert_severity severity;
    int64_t hold_ms;
} types[] = {
    [ALERT_FAILURE_RATE] = {"high_failure_rate", SEVERITY_WARNING, 0},
    [ALERT_QUEUE_SIZE] = {"large_queue_size", SEVERITY_WARNING, 0},
    [ALERT_OLDEST_WAIT] = {"long_wait", SEVERITY_WARNING, 0},
    [ALERT_STALLED_WORKERS] = {"stalled_workers", SEVERITY_ERROR, 0},
    [ALERT_WORKER_MEMORY] = {"high_worker_memory", SEVERITY_WARNING, 0},
    [ALERT_NO_WORKERS] = {"no_workers", SEVERITY_ERROR, HOLD_MS},
    [ALERT_CRASH_LOOP] = {"crash_loop", SEVERITY_ERROR, 0},
    [ALERT_STORE_DOWN] = {"store_down", SEVERITY_ERROR, HOLD_MS},
};

const char *alert_type_name(enum alert_type type)
{
    return types[type].name;
}

enum alert_severity alert_severity_of(enum alert_type type)
{
    return types[type].severity;
}

int64_t alert_hold_ms(enum alert_type type)
{
    return types[type].hold_ms;
}

const char *alert_severity_name(enum alert_severity severity)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_INFO] = "info"};
    return names[severity];
}

const char *alert_event_name(enum alert_event event)
{
    static const char *const names[] = {[ALERT_NOTHING] = "nothing",
                                        [ALERT_RAISED] = "raised",
                                        [ALERT_REPEATED] = "repeated",
                                        [ALERT_RESOLVED] = "resolved"};
    return names[event];
}

/* Conditions: each sets value, threshold and message where it holds, and returns what it is. */

#define SAY(finding, ...) snprintf((finding)->message, sizeof(finding)->message, __VA_ARGS__)

static enum alert_judgement above(struct alert_finding *finding, double value, double threshold)
{
    finding->value = value;
    finding->threshold = threshold;
    return threshold > 0 && value > threshold ? ALERT_HOLDS : ALERT_FINE;
}

static enum alert_judgement judge_failures(const struct alert_view *view,
                                           const struct alert_options *options,
                                           struct alert_finding *finding)
{
    if (!view->has_figures)
        return ALERT_UNKNOWN;
    if (!view->is_ours || view->ended < (uint64_t)options->failure_jobs)
        return ALERT_FINE;
    double rate = 100. * (double)view->failed / (double)view->ended;
    SAY(finding, "Queue %s: failure rate is %.1f%%, %" PRIu64 " of %" PRIu64 " jobs", view->subject,
        rate, view->failed, view->ended);
    return above(finding, rate, (double)options->failure_rate);
}

static enum alert_judgement judge_size(const struct alert_view *view,
                                       const struct alert_options *options,
                                       struct alert_finding *finding)
{
    if (!view->has_figures)
        return ALERT_UNKNOWN;
    if (!view->is_ours)
        return ALERT_FINE;
    SAY(finding, "Queue %s has %" PRIu64 " pending jobs", view->subject, view->ready);
    return above(finding, (double)view->ready, (double)options->queue_size);
}

static enum alert_judgement judge_wait(const struct alert_view *view,
                                       const struct alert_options *options,
                                       struct alert_finding *finding)
{
    if (!view->has_figures)
        return ALERT_UNKNOWN;
    if (!view->is_ours || view->oldest_ms < 0)
        return ALERT_FINE;
    double seconds = (double)view->oldest_ms / 1000;
    SAY(finding, "Queue %s: the oldest job has been waiting for %.0f s", view->subject, seconds);
    return above(finding, seconds, (double)options->oldest_wait / 1000);
}

static enum alert_judgement judge_stalled(const struct alert_view *view,
                                          const struct alert_options *options,
                                          struct alert_finding *finding)
{
    (void)options;
    SAY(finding, "Queue %s: %u workers appear to be stalled", view->subject, view->stalled);
    finding->value = view->stalled;
    return view->stalled > 0 ? ALERT_HOLDS : ALERT_FINE;
}

static enum alert_judgement judge_memory(const struct alert_view *view,
                                         const struct alert_options *options,
                                         struct alert_finding *finding)
{
    SAY(finding, "Queue %s: a worker uses %.0f%% of its memory", view->subject, view->memory);
    return above(finding, view->memory, (double)options->worker_memory);
}

static enum alert_judgement judge_workers(const struct alert_view *view,
                                          const struct alert_options *options,
                                          struct alert_finding *finding)
{
    (void)options;
    SAY(finding, "Queue %s has no running worker, %" PRId64 " are wanted", view->subject,
        view->wanted);
    finding->threshold = (double)view->wanted;
    bool holds = view->wanted > 0 && view->running == 0 && !view->is_paused;
    return holds ? ALERT_HOLDS : ALERT_FINE;
}

static enum alert_judgement judge_crashes(const struct alert_view *view,
                                          const struct alert_options *options,
                                          struct alert_finding *finding)
{
    (void)options;
    SAY(finding, "Queue %s: a worker has died %u times in a row", view->subject, view->failures);
    finding->value = view->failures;
    finding->threshold = CRASHES;
    return view->failures >= CRASHES ? ALERT_HOLDS : ALERT_FINE;
}

static enum alert_judgement judge_store(const struct alert_view *view,
                                        const struct alert_options *options,
                                        struct alert_finding *finding)
{
    (void)options;
    SAY(finding, "Connection %s: the store cannot be used", view->subject);
    return view->store_is_away ? ALERT_HOLDS : ALERT_FINE;
}

void alert_judge(enum alert_type type, const struct alert_view *view,
                 const struct alert_options *options, struct alert_finding *finding)
{
    static enum alert_judgement (*const judges[])(const struct alert_view *view,
                                                  const struct alert_options *options,
                                                  struct alert_finding *finding) = {
        [ALERT_FAILURE_RATE] = judge_failures, [ALERT_QUEUE_SIZE] = judge_size,
        [ALERT_OLDEST_WAIT] = judge_wait,      [ALERT_STALLED_WORKERS] = judge_stalled,
        [ALERT_WORKER_MEMORY] = judge_memory,  [ALERT_NO_WORKERS] = judge_workers,
        [ALERT_CRASH_LOOP] = judge_crashes,    [ALERT_STORE_DOWN] = judge_store,
    };
    *finding = (struct alert_finding){.judgement = ALERT_UNKNOWN};
    finding->judgement = judges[type](view, options, finding);
}

/* In time */

bool alert_is_active(const struct alert_state *state)
{
    return state->phase == ALERT_ACTIVE || state->phase == ALERT_CLEARING;
}

static void enter(struct alert_state *state, enum alert_phase phase, int64_t now_ms)
{
    if (state->phase != phase)
        state->since_ms = now_ms;
    state->phase = phase;
}

static enum alert_event tell(struct alert_state *state, enum alert_event event, int64_t now_ms)
{
    state->told_ms = now_ms;
    return event;
}

static enum alert_event step_holding(struct alert_state *state, const struct alert_timing *timing,
                                     int64_t now_ms)
{
    if (!alert_is_active(state)) {
        enter(state, ALERT_SUSPECTED, now_ms);
        if (now_ms - state->since_ms < timing->hold_ms)
            return ALERT_NOTHING;
        enter(state, ALERT_ACTIVE, now_ms);
        return tell(state, ALERT_RAISED, now_ms);
    }
    enter(state, ALERT_ACTIVE, now_ms);
    if (timing->repeat_ms == 0 || now_ms - state->told_ms < timing->repeat_ms)
        return ALERT_NOTHING;
    return tell(state, ALERT_REPEATED, now_ms);
}

static enum alert_event step_fine(struct alert_state *state, const struct alert_timing *timing,
                                  int64_t now_ms)
{
    if (!alert_is_active(state)) {
        enter(state, ALERT_QUIET, now_ms);
        return ALERT_NOTHING;
    }
    enter(state, ALERT_CLEARING, now_ms);
    if (now_ms - state->since_ms < timing->clear_ms)
        return ALERT_NOTHING;
    enter(state, ALERT_QUIET, now_ms);
    return tell(state, ALERT_RESOLVED, now_ms);
}

enum alert_event alert_step(struct alert_state *state, enum alert_judgement judgement,
                            const struct alert_timing *timing, int64_t now_ms)
{
    if (judgement == ALERT_HOLDS)
        return step_holding(state, timing, now_ms);
    return judgement == ALERT_FINE ? step_fine(state, timing, now_ms) : ALERT_NOTHING;
}
