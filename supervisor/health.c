/* SPDX-License-Identifier: MIT */
#include "supervisor/health.h"

#include <stdbool.h>

/* How often SIGKILL is repeated where the process does not end: it is being waited for by the
 * kernel. */
#define KILL_AGAIN_MS 5000

static int64_t stopping_ms(const struct health_limits *limits, enum stop_stage stage)
{
    switch (stage) {
    case STOP_DRAIN:
        return limits->drain_ms;
    case STOP_TERMINATE:
        return limits->terminate_ms;
    default:
        return KILL_AGAIN_MS;
    }
}

/* One that finishes its jobs still gives signs of life. */
static int64_t stopping_due_ms(const struct health_limits *limits, const struct health_view *view)
{
    int64_t due = view->since_ms + stopping_ms(limits, view->stage);
    int64_t silent = view->alive_ms + limits->silence_ms;
    bool must_speak = view->stage == STOP_DRAIN && limits->silence_ms > 0;
    return must_speak && silent < due ? silent : due;
}

int64_t health_due_ms(const struct health_limits *limits, const struct health_view *view)
{
    switch (view->state) {
    case PROCESS_STARTING:
        return view->since_ms + limits->boot_ms;
    case PROCESS_RUNNING:
        return limits->silence_ms > 0 ? view->alive_ms + limits->silence_ms : HEALTH_NEVER;
    case PROCESS_BACKOFF:
        return view->since_ms + view->pause_ms;
    case PROCESS_STOPPING:
        return stopping_due_ms(limits, view);
    case PROCESS_UNKNOWN:
        return view->since_ms + KILL_AGAIN_MS;
    default:
        return HEALTH_NEVER;
    }
}

enum stop_stage health_escalate(enum stop_stage stage)
{
    return stage == STOP_DRAIN ? STOP_TERMINATE : STOP_KILL;
}
