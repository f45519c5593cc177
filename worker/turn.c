/* SPDX-License-Identifier: MIT */
#include "worker/turn.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many jobs there is room for. */
static size_t room_of(const struct turn_view *view)
{
    size_t wanted = view->slots + view->ahead;
    if (!view->may_reserve || view->slots == 0 || view->held >= wanted)
        return 0;
    size_t room = least(wanted - view->held, view->batch_size);
    return view->budget < room ? (size_t)view->budget : room;
}

/* What is taken ahead is filled up by halves, and no further than a batch at a time. */
static bool should_reserve(const struct turn_view *view, size_t room)
{
    if (room == 0 || !view->has_news)
        return false;
    return view->held < view->slots || room >= least(view->batch_size, view->ahead / 2 + 1);
}

static bool should_acknowledge(const struct turn_view *view)
{
    if (view->ended == 0)
        return false;
    return view->held < view->slots || !view->may_reserve || view->ended >= view->batch_size ||
           view->ended_for_us >= TURN_ACKNOWLEDGE_US;
}

struct turn_plan turn_decide(const struct turn_view *view)
{
    size_t room = room_of(view);
    struct turn_plan plan = {.now = should_reserve(view, room) || should_acknowledge(view)};
    plan.reserve = plan.now ? room : 0;
    return plan;
}
