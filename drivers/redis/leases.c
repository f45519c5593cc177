/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "drivers/redis/store.h"

static void add_renewal(struct command *command, const struct renewal *renewal)
{
    char progress[32] = "";
    if (renewal->progress >= 0)
        snprintf(progress, sizeof progress, "%.17g", renewal->progress);
    redis_command_text(command, renewal->lease.uuid);
    redis_command_number(command, renewal->lease.attempt);
    redis_command_text(command, progress);
    redis_command_text(command, renewal->progress_text);
}

static enum lease_state state_of(char letter)
{
    return letter == 'H' ? LEASE_HELD : letter == 'C' ? LEASE_CANCELLED : LEASE_LOST;
}

int redis_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                 int64_t lease_ms, struct err *err)
{
    if (count == 0)
        return 0;
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, owner);
    redis_command_number(arguments, lease_ms);
    for (size_t i = 0; i < count; i++)
        add_renewal(arguments, &renewals[i]);
    struct reply *reply = redis_store_run(store, SCRIPT_EXTEND, err);
    if (!reply)
        return -1;
    if (reply->length != count)
        return err_set(err, ERR_SYSTEM, "Redis answers for %zu of %zu leases", reply->length,
                       count);
    for (size_t i = 0; i < count; i++)
        renewals[i].state = state_of(reply->text[i]);
    return 0;
}

/* One part of all leases at a time. */
static int return_all(struct store *store, const char *owner, const struct lease *begun,
                      size_t begun_count, uint64_t *returned, struct err *err)
{
    char cursor[32] = "0";
    do {
        struct command *arguments = redis_store_begin(store);
        redis_command_text(arguments, owner);
        redis_command_text(arguments, cursor);
        for (size_t i = 0; i < begun_count; i++) {
            redis_command_text(arguments, begun[i].uuid);
            redis_command_number(arguments, begun[i].attempt);
        }
        struct reply *reply = redis_store_run(store, SCRIPT_RETURN_OWNER, err);
        if (!reply)
            return -1;
        snprintf(cursor, sizeof cursor, "%s", redis_reply_text(redis_reply_item(reply, 0)));
        *returned += (uint64_t)redis_reply_integer(redis_reply_item(reply, 1));
    } while (cursor[0] && strcmp(cursor, "0") != 0);
    return 0;
}

/* Twice: what the owner had sent when it died may lie at the server, and an answer comes after all
 * that lay there has been carried out. */
int redis_return_owner(struct store *store, const char *owner, const struct lease *begun,
                       size_t begun_count, uint64_t *returned, struct err *err)
{
    *returned = 0;
    for (int i = 0; i < 2; i++)
        if (return_all(store, owner, begun, begun_count, returned, err) < 0)
            return -1;
    return 0;
}

int redis_upkeep(struct store *store, struct upkeep *upkeep, struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    redis_command_number(arguments, store->settings->job_expiration);
    struct reply *reply = redis_store_run(store, SCRIPT_UPKEEP, err);
    if (!reply)
        return -1;
    upkeep->expired = (uint64_t)redis_reply_integer(redis_reply_item(reply, 0));
    upkeep->next_ms = redis_reply_integer(redis_reply_item(reply, 1));
    return 0;
}
