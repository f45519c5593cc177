/* SPDX-License-Identifier: MIT */
#include "drivers/redis/jobs.h"
#include "drivers/redis/store.h"

/* Where the answer to the first try was lost, a job that is there already was stored by it. */
static enum push_result result_of(const struct store *store, char letter)
{
    if (letter == 'R')
        return store->was_repeated ? PUSH_STORED : PUSH_REPEATED;
    return letter == 'D' ? PUSH_DUPLICATE : PUSH_STORED;
}

int redis_push(struct store *store, const struct job *jobs, size_t count, enum push_result *results,
               struct err *err)
{
    if (count == 0)
        return 0;
    struct command *arguments = redis_store_begin(store);
    redis_command_number(arguments, (int64_t)redis_jobs_groups(jobs, count));
    if (redis_jobs_add(arguments, jobs, count, clock_wall_ms(store->clock), &store->text, err) < 0)
        return -1;
    struct reply *reply = redis_store_run(store, SCRIPT_PUSH, err);
    if (!reply)
        return -1;
    if (reply->length != count)
        return err_set(err, ERR_SYSTEM, "Redis answers for %zu of %zu jobs", reply->length, count);
    for (size_t i = 0; results && i < count; i++)
        results[i] = result_of(store, reply->text[i]);
    return 0;
}
