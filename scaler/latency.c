/* SPDX-License-Identifier: MIT */
#include "scaler/latency.h"

#include <math.h>

#define MARGIN        0.8  /* of the promise is used; the rest is for what could not be foreseen */
#define LATE_PART     0.01 /* of the jobs may be late where starting workers would come too late */
#define LEAST_COST    5.   /* seconds that a start costs at least, beside its boot time */
#define LEAST_TIME    1.   /* seconds from one decision to the next */
#define IDLE_TO_ZERO  60.  /* seconds of nothing to do, until the last worker goes */
#define ROUNDING      0.2  /* of a worker that need not be there to have been enough */
#define LEAST_SERVICE 1e-6
#define SHORT         0.1 /* of that part of the promise: what runs for less is a short job */
#define FEW_A_SLOT    0.2 /* short jobs that may wait for each slot on average, */
#define FEW           2.  /* beside so many */
#define SLOTS_COUNTED 1e6

/* What one decision is made from; slots are places for one job each. */
struct terms {
    double promise;  /* seconds that may be used of it */
    double boot;     /* seconds until a new worker is there */
    double cost;     /* seconds that a start costs */
    double service;  /* seconds a job */
    double arriving; /* jobs a second, for certain */
    double slots;    /* a worker */
    double most;     /* slots that there may be: no need to count far beyond */
};

static double at_least(double value, double least)
{
    return value > least ? value : least;
}

static double at_most(double value, double most)
{
    return value < most ? value : most;
}

static struct terms terms_of(const struct policy *policy, const struct load_history *history,
                             const struct load *load)
{
    return (struct terms){
        .promise = MARGIN * policy->promise,
        .boot = load->boot,
        .cost = at_least(load->boot, LEAST_COST),
        .service = at_least(load_history_service_time(history), LEAST_SERVICE),
        .arriving = load_history_sustained_rate(history),
        .slots = load->concurrency,
        .most = (double)policy->max * load->concurrency,
    };
}

/* --- The floor --- */

/* The part of the jobs that would wait for longer than `patience` with so many slots and nobody
 * started; blocked is Erlang's B for them. Jobs that find no slot wait for the next one to become
 * free (Erlang's C), and not at all where a new worker takes them. */
static double late_part(double slots, double load, double blocked, double patience, double service)
{
    if (slots <= load)
        return 1;
    double waiting = blocked / (1 - load / slots * (1 - blocked));
    return waiting * exp(-(slots - load) * patience / service);
}

/* True where few short jobs wait. What waits when a slow downstream takes less than what comes is
 * what all that follow are late by, and no worker that comes then can mend it. */
static bool few_wait(const struct terms *terms, double slots, double load, double blocked)
{
    if (terms->service >= SHORT * terms->promise)
        return true;
    if (slots <= load)
        return false;
    double used = load / slots;
    double waiting = blocked / (1 - used * (1 - blocked)) * used / (1 - used);
    return waiting <= FEW_A_SLOT * slots + FEW;
}

/* True where a further slot would be idle for longer than to start it again and again costs. */
static bool suffices(const struct terms *terms, double slots, double load, double blocked)
{
    double patience = terms->promise - terms->boot; /* left when a worker has been started */
    bool too_late = patience < LEAST_TIME;
    if (too_late && late_part(slots, load, blocked, terms->promise, terms->service) > LATE_PART)
        return false;
    if (!few_wait(terms, slots, load, blocked))
        return false;
    double late = late_part(slots, load, blocked, at_least(patience, LEAST_TIME), terms->service);
    double starts = terms->arriving * at_most(late, blocked);
    return starts * terms->cost < 1;
}

/* Slots that what certainly arrives keeps busy enough. */
static double steady_need(const struct terms *terms)
{
    double load = terms->arriving * terms->service, slots = 0, blocked = 1;
    while (slots <= terms->most && !suffices(terms, slots, load, blocked)) {
        slots++;
        blocked = load * blocked / (slots + load * blocked);
    }
    return slots;
}

/* --- What waits --- */

/* Slots that begin all that waits before the oldest of it has waited for too long: those that work
 * begin the next job when they are done, those that are new begin one at once. 0 where those at
 * work suffice. */
static double backlog_need(const struct terms *terms, const struct load *load)
{
    double left = at_least(terms->promise - at_least(load->oldest, 0), LEAST_TIME);
    double open = load->ready - load->busy * left / terms->service;
    if (open <= 0)
        return 0;
    double each = 1 + at_least(left - terms->boot, 0) / terms->service;
    return load->busy + ceil(open / each);
}

/* --- The decision --- */

static int64_t workers_for(const struct terms *terms, double slots)
{
    return (int64_t)ceil(at_most(slots, SLOTS_COUNTED) / terms->slots);
}

static int64_t higher(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static const char *of(int64_t count, const char *one, const char *more)
{
    return count == 1 ? one : more;
}

/* A worker that is started now is there when the first delayed job is due, and not much sooner. */
static bool is_due_soon(const struct load *load)
{
    return load->due > 0 && load->due <= load->boot + load->seconds;
}

static void grow(const struct policy *policy, const struct load *load, struct decision *decision)
{
    if (is_due_soon(load) && higher(decision->backlog, decision->steady) < 1)
        decision_set(decision, 1, TERM_BACKLOG,
                     "A delayed job is due in %.1f s: a worker takes %.3g s to start", load->due,
                     load->boot);
    else if (decision->backlog >= decision->steady)
        decision_set(decision, decision->backlog, TERM_BACKLOG,
                     "Backlog: %.0f jobs of %.3g s wait, the oldest for %.0f s; %lld %s "
                     "them within %.4g s",
                     load->ready, decision->service, at_least(load->oldest, 0),
                     (long long)decision->backlog,
                     of(decision->backlog, "worker begins", "workers begin"), policy->promise);
    else
        decision_set(decision, decision->steady, TERM_STEADY,
                     "Steady load: %.3g jobs/s of %.3g s keep %.1f busy; %lld %s enough",
                     decision->arriving, decision->service, decision->arriving * decision->service,
                     (long long)decision->steady, of(decision->steady, "worker is", "workers are"));
}

/* The fewest that would have sufficed since there have been too many. Busy ones are not let go:
 * they would have to be replaced. */
static int64_t sufficient(const struct terms *terms, const struct surplus *surplus,
                          const struct load *load)
{
    double busy = surplus->busy_seconds / surplus->seconds - ROUNDING * terms->slots;
    return higher((int64_t)surplus->needed,
                  workers_for(terms, at_least(at_least(busy, load->busy), 0)));
}

static void shrink(const struct policy *policy, const struct terms *terms,
                   struct load_history *history, const struct load *load, struct decision *decision)
{
    const struct surplus surplus = history->surplus;
    int64_t enough = higher(sufficient(terms, &surplus, load), policy->min);
    decision->hold = at_least(terms->cost - surplus.seconds, 0);
    if (surplus.seconds >= terms->cost)
        history->surplus = (struct surplus){0};
    if (enough == 0 && history->idle < IDLE_TO_ZERO) {
        enough = 1;
        decision->hold = IDLE_TO_ZERO - history->idle;
    }
    int64_t shown = enough < load->workers ? enough : load->workers;
    if (surplus.seconds < terms->cost || enough >= load->workers)
        decision_set(decision, load->workers, TERM_HOLD,
                     "%lld %s would be enough, and %s been for %.0f s", (long long)shown,
                     of(shown, "worker", "workers"), of(shown, "has", "have"), surplus.seconds);
    else if (enough == 0)
        decision_set(decision, 0, TERM_IDLE, "Idle: there has been nothing to do for %.0f s",
                     history->idle);
    else
        decision_set(decision, enough, TERM_SURPLUS, "%lld %s been enough for %.0f s",
                     (long long)enough, of(enough, "worker has", "workers have"), surplus.seconds);
}

/* True where a queue that may have no workers needs none: it has none and nothing waits, or it has
 * been idle for long. What comes then is late where a start takes longer than the promise. */
static bool is_dormant(const struct policy *policy, const struct load_history *history,
                       const struct load *load)
{
    bool waits = load->workers == 0 && load->ready <= 0;
    return policy->min == 0 && (waits || history->idle >= IDLE_TO_ZERO);
}

/* Notes that fewer are needed than there are; forgets it where that is not so. */
static void note_surplus(struct surplus *surplus, const struct load *load, int64_t needed)
{
    if (needed >= load->workers) {
        *surplus = (struct surplus){0};
        return;
    }
    surplus->seconds += load->seconds;
    surplus->needed = at_least((double)needed, surplus->needed);
    surplus->busy_seconds += load->busy_seconds;
}

void latency_decide(const struct policy *policy, struct load_history *history,
                    const struct load *load, struct decision *decision)
{
    const struct terms terms = terms_of(policy, history, load);
    decision->service = terms.service;
    decision->arriving = terms.arriving;
    if (!is_dormant(policy, history, load))
        decision->steady = workers_for(&terms, steady_need(&terms));
    decision->backlog = workers_for(&terms, backlog_need(&terms, load));
    int64_t needed = higher(higher(decision->steady, decision->backlog), policy->min);
    if (is_due_soon(load))
        needed = higher(needed, 1);
    note_surplus(&history->surplus, load, needed);
    if (needed > load->workers)
        grow(policy, load, decision);
    else if (needed < load->workers)
        shrink(policy, &terms, history, load, decision);
    else
        decision_set(decision, load->workers, TERM_ENOUGH, "%lld %s enough", (long long)load->workers,
                     of(load->workers, "worker is", "workers are"));
}
