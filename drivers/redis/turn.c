/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drivers/redis/jobs.h"
#include "drivers/redis/store.h"
#include "queue/history.h"

/* One turn, while it is being made. */
struct turn {
    struct store *store;
    const char *owner;
    struct outcome *outcomes;
    size_t outcome_count;
    const struct reserve_request *request; /* or NULL */
    const char *channel;                   /* for wake-ups; "" where there is none */
    char stamp[STAMP_SIZE];
};

/* --- the arguments --- */

static bool is_plainly_done(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_DONE && outcome->push_count == 0;
}

/* How many outcomes, from the first on, are plainly done in the same attempt. */
static size_t done_length(const struct outcome *outcomes, size_t count)
{
    size_t length = 0;
    while (length < count && is_plainly_done(&outcomes[length]) &&
           outcomes[length].lease.attempt == outcomes[0].lease.attempt)
        length++;
    return length;
}

static void add_done(struct command *command, const struct outcome *outcomes, size_t count)
{
    redis_command_text(command, "D");
    redis_command_number(command, outcomes->lease.attempt);
    redis_command_number(command, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        redis_command_text(command, outcomes[i].lease.uuid);
}

/* What this outcome adds to the history of its job; its time is put in by Redis. */
static int add_entry(const struct turn *turn, const struct outcome *outcome, struct err *err)
{
    struct store *store = turn->store;
    const struct history_entry entry = {.attempt = outcome->lease.attempt,
                                        .worker = turn->owner,
                                        .cause = outcome->cause,
                                        .exception = outcome->exception};
    bool is_noted = outcome->kind == OUTCOME_FAIL ||
                    (outcome->kind == OUTCOME_RELEASE && (outcome->cause || outcome->exception));
    buf_clear(&store->text);
    if (is_noted && history_entry_encode(&entry, &store->text) < 0)
        return err_set(err, ERR_LIMIT, "job %s: its exception is too long", outcome->lease.uuid);
    redis_command_add(&store->arguments, buf_text(&store->text), store->text.length);
    return 0;
}

static int add_one(const struct turn *turn, const struct outcome *outcome, struct err *err)
{
    static const char *const letters[] = {
        [OUTCOME_DONE] = "d", [OUTCOME_RELEASE] = "r",   [OUTCOME_UNTOUCHED] = "u",
        [OUTCOME_FAIL] = "f", [OUTCOME_CANCELLED] = "c",
    };
    struct command *command = &turn->store->arguments;
    redis_command_text(command, letters[outcome->kind]);
    redis_command_number(command, outcome->lease.attempt);
    redis_command_text(command, outcome->lease.uuid);
    redis_command_number(command, outcome->delay_ms);
    if (add_entry(turn, outcome, err) < 0)
        return -1;
    redis_command_text(command, outcome->kind == OUTCOME_FAIL ? outcome->exception : "");
    redis_command_text(command, outcome->cause);
    redis_command_number(command, (int64_t)redis_jobs_groups(outcome->pushes, outcome->push_count));
    return redis_jobs_add(command, outcome->pushes, outcome->push_count,
                          clock_wall_ms(turn->store->clock), &turn->store->text, err);
}

static int add_outcomes(const struct turn *turn, struct err *err)
{
    size_t length;
    for (size_t i = 0; i < turn->outcome_count; i += length) {
        const struct outcome *outcome = &turn->outcomes[i];
        length = done_length(outcome, turn->outcome_count - i);
        if (length > 0) {
            add_done(&turn->store->arguments, outcome, length);
            continue;
        }
        length = 1;
        if (add_one(turn, outcome, err) < 0)
            return -1;
    }
    return 0;
}

static void add_request(const struct turn *turn)
{
    struct store *store = turn->store;
    struct command *command = &store->arguments;
    const struct reserve_request *request = turn->request;
    redis_command_text(command, turn->owner);
    redis_command_text(command, turn->stamp);
    redis_command_text(command, store->queue);
    if (request)
        redis_command_number(command, (int64_t)request->count);
    else
        redis_command_text(command, "");
    redis_command_number(command, request ? request->lease_ms : 0);
    redis_command_text(command, turn->channel);
    redis_command_number(command, store->wake.is_left);
    redis_command_text(command, store->lost);
    redis_command_number(command, store->settings->job_expiration);
    redis_command_text(command, store->settings->name);
}

/* --- the answer --- */

static int read_applied(const struct turn *turn, const struct reply *applied, struct err *err)
{
    bool is_all = applied->length == 0;
    if (!is_all && applied->length != turn->outcome_count)
        return err_set(err, ERR_SYSTEM, "Redis answers for %zu of %zu outcomes", applied->length,
                       turn->outcome_count);
    for (size_t i = 0; i < turn->outcome_count; i++)
        turn->outcomes[i].applied = is_all || applied->text[i] == '1';
    return 0;
}

/* The word of this number. */
static char *copy_word(const char *words, size_t number, struct arena *arena)
{
    for (; number > 0; number--)
        words += strcspn(words, " ") + 1;
    return arena_strndup(arena, words, strcspn(words, " "));
}

/* A payload that is none: somebody else has written there. */
static void tell_damage(struct job *job, char *uuid, const struct err *err, struct arena *arena)
{
    job->uuid = uuid;
    job->name = "unknown";
    job->damage = arena_strndup(arena, err->text, strlen(err->text));
    job->data = (struct json_slice){0};
    job->chain = (struct json_slice){0};
}

static void read_jobs(const struct turn *turn, const struct reply *reply,
                      struct reservation *reservation)
{
    struct arena *arena = &reservation->arena;
    const struct reply *rows = redis_reply_item(reply, 4);
    int64_t now_ms = redis_reply_integer(redis_reply_item(reply, 1));
    const char *uuids = redis_reply_text(redis_reply_item(reply, 3));
    const char *owner = arena_strndup(arena, turn->owner, strlen(turn->owner));
    reservation->next_due_ms = redis_reply_integer(redis_reply_item(reply, 2));
    reservation->count = rows->count / 2;
    reservation->jobs = arena_alloc(arena, reservation->count * sizeof(struct job));
    for (size_t i = 0; i < reservation->count; i++) {
        struct job *job = &reservation->jobs[i];
        struct err err = ERR_INIT;
        if (redis_job_read(&rows->items[2 * i], &rows->items[2 * i + 1], arena, job, &err) < 0)
            tell_damage(job, copy_word(uuids, i, arena), &err, arena);
        job->attempts++;
        job->reserved_at_ms = now_ms;
        job->reserved_by = owner;
    }
}

/* --- the turn --- */

static void next_stamp(struct turn *turn)
{
    snprintf(turn->stamp, sizeof turn->stamp, "%06" PRIu32, turn->store->turns++ % 1000000);
}

/* What a turn may have reserved whose answer is lost is given back by the next one. */
static void remember_lost(const struct turn *turn)
{
    char *lost = turn->store->lost;
    size_t length = strlen(lost);
    if (length + STAMP_SIZE < LOST_MAX)
        snprintf(lost + length, LOST_MAX - length, "%s ", turn->stamp);
}

static struct reply *run_turn(struct turn *turn, struct arena *arena, struct err *err)
{
    struct store *store = turn->store;
    struct call call = {
        .script = SCRIPT_TURN, .arguments = &store->arguments, .arena = arena, .once = true};
    redis_session_begin(&call, store->settings);
    for (;;) {
        struct err cause = ERR_INIT;
        redis_store_begin(store);
        next_stamp(turn);
        turn->channel =
            turn->request ? redis_wake_prepare(&store->wake, &store->session, turn->request->queue)
                          : "";
        add_request(turn);
        if (add_outcomes(turn, err) < 0)
            return NULL;
        call.was_lost = false;
        struct reply *reply = redis_session_call(&store->session, &call, &cause);
        if (reply)
            store->lost[0] = '\0';
        if (reply)
            return reply;
        if (call.was_lost)
            remember_lost(turn);
        if (!call.was_lost || clock_monotonic_ms(&clock_system) >= call.patience_ms) {
            err_set(err, cause.code, "%s", cause.text);
            return NULL;
        }
    }
}

int redis_turn(struct store *store, const char *owner, struct outcome *outcomes,
               size_t outcome_count, const struct reserve_request *request,
               struct reservation *reservation, struct err *err)
{
    struct turn turn = {.store = store,
                        .owner = owner,
                        .outcomes = outcomes,
                        .outcome_count = outcome_count,
                        .request = request};
    if (request)
        snprintf(store->queue, sizeof store->queue, "%s", request->queue);
    if (reservation) {
        arena_reset(&reservation->arena);
        reservation->count = 0;
    }
    struct reply *reply = run_turn(&turn, reservation ? &reservation->arena : &store->answer, err);
    if (!reply || read_applied(&turn, redis_reply_item(reply, 0), err) < 0)
        return -1;
    if (!reservation)
        return 0;
    read_jobs(&turn, reply, reservation);
    if (turn.channel[0])
        store->wake.is_left = reservation->count < request->count;
    return 0;
}
