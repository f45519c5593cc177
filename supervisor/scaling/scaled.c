/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/scaled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/utf8.h"

#define DUE_LEAST      1e-3 /* seconds: it is due, and has not been seen to be ready */
#define BOOT_GUESS     2.   /* seconds, until one has been seen to start */
#define STALE_LEAST_MS 3000 /* figures that are older are not known */
#define STALE_PERIODS  4
#define QUESTION_MAX   8192

struct scaled *scaled_create(struct pool *pool)
{
    struct scaled *scaled = mem_new(1, sizeof *scaled);
    scaled->pool = pool;
    scaled->target = -1;
    scaled->order.workers = ORDER_NONE;
    scaled->own = scaled_crew(pool);
    return scaled;
}

static void peer_destroy(struct peer *peer)
{
    free(peer->host);
    free(peer);
}

void scaled_destroy(struct scaled *scaled)
{
    while (scaled->peers) {
        struct peer *peer = scaled->peers;
        scaled->peers = peer->next;
        peer_destroy(peer);
    }
    question_forget(scaled->question);
    free(scaled);
}

void order_set_reason(struct order *order, const char *reason)
{
    size_t length = strnlen(reason, sizeof order->reason - 1);
    while (length > 0 && !utf8_is_valid(reason, length))
        length--;
    for (size_t i = 0; i < length; i++)
        order->reason[i] = (unsigned char)reason[i] < 0x20 ? ' ' : reason[i];
    order->reason[length] = '\0';
}

/* --- Crews --- */

static double slots_of(const struct pool *pool)
{
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        if (worker->heartbeat.concurrency > 0)
            return worker->heartbeat.concurrency;
    return 0;
}

struct crew scaled_crew(const struct pool *pool)
{
    return (struct crew){
        .workers = pool_count(pool),
        .ready = pool_running(pool),
        .busy = (double)pool_busy(pool),
        .slots = slots_of(pool),
        .boot = (double)pool->boot_ms / 1000,
        .ended = (double)pool->counts.ended,
        .failed = (double)pool->counts.failed,
        .busy_seconds = (double)pool->counts.busy_us / 1e6,
    };
}

/* Counters begin anew with a new master. */
static double growth(double before, double now)
{
    return now >= before ? now - before : now;
}

static void add_growth(struct crew *sum, const struct crew *before, const struct crew *now)
{
    sum->ended += growth(before->ended, now->ended);
    sum->failed += growth(before->failed, now->failed);
    sum->busy_seconds += growth(before->busy_seconds, now->busy_seconds);
}

void scaled_drop_peers(struct scaled *scaled)
{
    for (struct peer *peer = scaled->peers; peer; peer = peer->next)
        peer->is_there = false;
}

void scaled_hear_peer(struct scaled *scaled, const char *host, const struct crew *crew)
{
    struct peer *peer = scaled->peers;
    while (peer && strcmp(peer->host, host) != 0)
        peer = peer->next;
    if (!peer) {
        peer = mem_new(1, sizeof *peer);
        *peer = (struct peer){.next = scaled->peers, .host = mem_strdup(host), .crew = *crew};
        scaled->peers = peer;
    }
    add_growth(&scaled->grown, &peer->crew, crew);
    peer->crew = *crew;
    peer->is_there = true;
}

void scaled_end_peers(struct scaled *scaled)
{
    struct peer **link = &scaled->peers;
    while (*link) {
        struct peer *peer = *link;
        if (peer->is_there) {
            link = &peer->next;
            continue;
        }
        *link = peer->next;
        peer_destroy(peer);
    }
}

static double higher(double one, double other)
{
    return one > other ? one : other;
}

struct crew scaled_peers(const struct scaled *scaled)
{
    struct crew sum = {0};
    for (const struct peer *peer = scaled->peers; peer; peer = peer->next) {
        sum.workers += peer->crew.workers;
        sum.ready += peer->crew.ready;
        sum.busy += peer->crew.busy;
        sum.slots = higher(sum.slots, peer->crew.slots);
        sum.boot = higher(sum.boot, peer->crew.boot);
    }
    return sum;
}

/* --- The load --- */

/* The store's figures, where new ones have come. */
static void take_figures(struct scaled *scaled, int64_t now_ms, double ended)
{
    const struct pool *pool = scaled->pool;
    const struct queue_metrics *metrics = &pool->metrics;
    struct load *load = &scaled->load;
    load->stale = !pool->has_metrics;
    if (load->stale)
        return;
    if (pool->measured_ms != scaled->measured_ms) {
        bool is_first = scaled->measured_ms == 0;
        scaled->spacing_ms = is_first ? 0 : pool->measured_ms - scaled->measured_ms;
        load->observed = (double)scaled->spacing_ms / 1000;
        scaled->measured_ms = pool->measured_ms;
        load->arrived = arrivals_add(
            &scaled->arrivals, (double)(metrics->ready + metrics->reserved), ended, load->observed);
        scaled->arrived += load->arrived;
    }
    int64_t age_ms = now_ms - pool->measured_ms;
    load->stale = age_ms > STALE_LEAST_MS && age_ms > STALE_PERIODS * scaled->spacing_ms;
    load->ready = (double)metrics->ready;
    load->reserved = (double)metrics->reserved;
    load->delayed = (double)metrics->delayed;
    load->due = metrics->due_ms < 0
                    ? 0
                    : fmax((double)(metrics->due_ms - age_ms) / 1000, DUE_LEAST);
    load->oldest = metrics->oldest_ms < 0 ? -1 : (double)(metrics->oldest_ms + age_ms) / 1000;
}

void scaled_measure(struct scaled *scaled, double seconds)
{
    const struct crew own = scaled_crew(scaled->pool), peers = scaled_peers(scaled);
    struct crew grown = scaled->grown;
    add_growth(&grown, &scaled->own, &own);
    scaled->own = own;
    scaled->grown = (struct crew){0};
    if (scaled->target < 0)
        scaled->target = scaled->pool->wanted + peers.workers;
    int64_t ready = own.ready + peers.ready;
    double boot = own.boot > 0 ? own.boot : peers.boot;
    scaled->load = (struct load){
        .seconds = seconds,
        .completed = grown.ended,
        .failed = grown.failed,
        .busy_seconds = grown.busy_seconds,
        .workers = scaled->target,
        .starting = scaled->target > ready ? scaled->target - ready : 0,
        .busy = own.busy + peers.busy,
        .concurrency = higher(own.slots > 0 ? own.slots : peers.slots, 1),
        .boot = boot > 0 ? boot : BOOT_GUESS,
    };
    scaled->ended += grown.ended;
    take_figures(scaled, clock_monotonic_ms(scaled->pool->host->clock), scaled->ended);
}

/* --- The decision --- */

struct circumstances scaled_circumstances(const struct scaled *scaled)
{
    return (struct circumstances){
        .host_full = scaled->host_full[0] ? scaled->host_full : NULL,
        .order = scaled->order.workers != ORDER_NONE ? scaled->order.reason : NULL,
        .ordered = scaled->order.workers,
        .beyond_bounds = scaled->order.beyond_bounds,
        .answer = scaled->is_answered ? scaled->answer.reason : NULL,
        .answered = scaled->answer.workers,
    };
}

void scaled_decide(struct scaled *scaled, bool is_off)
{
    const struct circumstances circumstances = scaled_circumstances(scaled);
    decide(&scaled->policy, &scaled->history, &scaled->load, &circumstances, &scaled->decision);
    if (circumstances.order)
        return;
    if (!scaled->follows_load)
        decision_set(&scaled->decision, scaled->fixed, TERM_FIXED,
                     "It is not scaled: it has its workers of the configuration");
    else if (is_off)
        decision_set(&scaled->decision, scaled->target, TERM_OFF,
                     "Scaling is switched off: all stays as it is");
    else if (scaled->pool->pause == POOL_PAUSED)
        decision_set(&scaled->decision, scaled->target, TERM_PAUSED,
                     "The queue is paused: all stays as it is");
}

/* --- The scaling command --- */

static void complain(struct scaled *scaled, const struct err *why)
{
    if (strcmp(scaled->complaint, why->text) == 0)
        return;
    memcpy(scaled->complaint, why->text, sizeof scaled->complaint);
    log_write(LOG_WARN, "scaling: %s: the scaling command: %s; the last good answer stays",
              scaled->pool->queue, why->text);
}

static void on_answer(void *context, const char *text, size_t length, const struct err *why)
{
    struct scaled *scaled = context;
    struct scaling_command_answer answer;
    struct err err = ERR_INIT;
    scaled->question = NULL;
    if (!text) {
        complain(scaled, why);
    } else if (scaling_command_answer(&scaled->policy, text, length, &answer, &err) < 0) {
        complain(scaled, &err);
    } else {
        scaled->answer = answer;
        scaled->is_answered = true;
        scaled->complaint[0] = '\0';
    }
}

void scaled_ask(struct scaled *scaled, const struct queue_settings *queue)
{
    struct buf text;
    struct err err = ERR_INIT;
    if (scaled->question || scaled->load.stale)
        return;
    buf_init(&text, QUESTION_MAX);
    scaling_command_request(queue->name, &scaled->policy, &scaled->history, &scaled->load, &text);
    scaled->question = question_start(scaled->pool->host, queue, buf_text(&text), text.length,
                                      on_answer, scaled, &err);
    if (!scaled->question)
        complain(scaled, &err);
    buf_finish(&text);
}
