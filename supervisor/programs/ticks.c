/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/ticks.h"

#include "supervisor/programs/programs.h"

static const struct {
    enum event_type type;
    long period; /* seconds */
} ticks[] = {{EVENT_TICK_5, 5}, {EVENT_TICK_60, 60}, {EVENT_TICK_3600, 3600}};

_Static_assert(sizeof ticks / sizeof ticks[0] == TICK_COUNT, "each has its row");

/* When the present period began. The watch may come a moment too early. */
static long last_begin(struct ev_loop *loop, size_t index)
{
    long now = (long)(ev_now(loop) + 0.01);
    return now - now % ticks[index].period;
}

static void on_tick(struct ev_loop *loop, ev_periodic *watch, int events)
{
    (void)events;
    struct programs *programs = watch->data;
    for (size_t i = 0; i < TICK_COUNT; i++) {
        long when = last_begin(loop, i);
        if (when == programs->told_ticks[i])
            continue;
        programs->told_ticks[i] = when;
        event_notify_format(&programs->host.bus, ticks[i].type, "when:%ld", when);
    }
}

void ticks_init(struct programs *programs)
{
    for (size_t i = 0; i < TICK_COUNT; i++)
        programs->told_ticks[i] = last_begin(programs->host.host->loop, i);
    ev_periodic_init(&programs->ticking, on_tick, 0., (double)ticks[0].period, NULL);
    programs->ticking.data = programs;
}

void ticks_finish(struct programs *programs)
{
    ev_periodic_stop(programs->host.host->loop, &programs->ticking);
}

void ticks_follow(struct programs *programs)
{
    struct ev_loop *loop = programs->host.host->loop;
    double period = 0.;
    for (size_t i = TICK_COUNT; i-- > 0;)
        if (event_wanted(&programs->host.bus, ticks[i].type))
            period = (double)ticks[i].period;
    ev_periodic_stop(loop, &programs->ticking);
    if (period == 0.)
        return;
    ev_periodic_set(&programs->ticking, 0., period, NULL);
    ev_periodic_start(loop, &programs->ticking);
}
