/* SPDX-License-Identifier: MIT */
#include "supervisor/returns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

enum stage { HELD, DUE, TOLD };

struct begun {
    char uuid[UUID_TEXT_SIZE];
    int attempt;
};

struct dead_owner {
    struct dead_owner *next;
    enum stage stage;
    char owner[OWNER_SIZE];
    char connection[CONNECTION_SIZE];
    size_t told; /* of begun */
    size_t begun_count;
    struct begun begun[];
};

static struct dead_owner *read_board(const char *owner, const char *connection,
                                     const struct board *board)
{
    uint32_t slots = board ? board->slot_count : 0;
    struct dead_owner *dead = mem_new(1, sizeof *dead + slots * sizeof dead->begun[0]);
    for (uint32_t slot = 0; slot < slots; slot++) {
        int64_t started_us;
        struct begun *begun = &dead->begun[dead->begun_count];
        begun->attempt = board_read(board, slot, begun->uuid, &started_us);
        if (begun->attempt > 0)
            dead->begun_count++;
    }
    snprintf(dead->owner, sizeof dead->owner, "%s", owner);
    snprintf(dead->connection, sizeof dead->connection, "%s", connection);
    return mem_resize(dead, 1, sizeof *dead + (dead->begun_count + 1) * sizeof dead->begun[0]);
}

static void remove_one(struct returns *returns, struct dead_owner *dead)
{
    struct dead_owner **link = &returns->first, *before = NULL;
    for (; *link != dead; link = &(*link)->next)
        before = *link;
    *link = dead->next;
    if (returns->last == dead)
        returns->last = before;
    returns->count--;
    free(dead);
}

static void append(struct returns *returns, struct dead_owner *dead)
{
    if (returns->last)
        returns->last->next = dead;
    else
        returns->first = dead;
    returns->last = dead;
    returns->count++;
}

void returns_add(struct returns *returns, const char *owner, const char *connection,
                 const struct board *board)
{
    if (returns->count == RETURNS_MAX) {
        log_write(LOG_WARN, "too many dead workers: the leases of %s come back when they run out",
                  returns->first->owner);
        remove_one(returns, returns->first);
    }
    append(returns, read_board(owner, connection, board));
}

void returns_release(struct returns *returns)
{
    for (struct dead_owner *dead = returns->first; dead; dead = dead->next)
        if (dead->stage == HELD)
            dead->stage = DUE;
}

/* Goes on where it was when the channel was full. Returns false where it is full again. */
static bool tell(struct dead_owner *dead, struct channel *channel)
{
    while (dead->told < dead->begun_count) {
        const struct begun *begun = &dead->begun[dead->told];
        struct record record = {.type = RECORD_BEGUN};
        memcpy(record.body.begun.uuid, begun->uuid, sizeof begun->uuid);
        record.body.begun.attempt = begun->attempt;
        if (channel_send(channel, &record) < 0)
            return false;
        dead->told++;
    }
    struct record record = {.type = RECORD_RETURN_OWNER};
    memcpy(record.body.dead.owner, dead->owner, sizeof dead->owner);
    memcpy(record.body.dead.connection, dead->connection, sizeof dead->connection);
    if (channel_send(channel, &record) < 0)
        return false;
    dead->stage = TOLD;
    return true;
}

bool returns_tell(struct returns *returns, struct channel *channel)
{
    for (struct dead_owner *dead = returns->first; dead; dead = dead->next)
        if (dead->stage == DUE && !tell(dead, channel))
            return true;
    return false;
}

void returns_confirm(struct returns *returns, const char *owner)
{
    for (struct dead_owner *dead = returns->first; dead; dead = dead->next) {
        if (strncmp(dead->owner, owner, sizeof dead->owner) == 0 && dead->stage == TOLD) {
            remove_one(returns, dead);
            return;
        }
    }
}

void returns_retell(struct returns *returns)
{
    for (struct dead_owner *dead = returns->first; dead; dead = dead->next) {
        dead->told = 0;
        if (dead->stage == TOLD)
            dead->stage = DUE;
    }
}

void returns_finish(struct returns *returns)
{
    while (returns->first)
        remove_one(returns, returns->first);
}

/* Handing over */

void returns_save(const struct returns *returns, cJSON *list)
{
    for (const struct dead_owner *dead = returns->first; dead; dead = dead->next) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(list, object);
        json_put_text(object, "owner", dead->owner);
        json_put_text(object, "connection", dead->connection);
        cJSON *begun = cJSON_AddArrayToObject(object, "begun");
        for (size_t i = 0; i < dead->begun_count; i++) {
            cJSON *attempt = cJSON_CreateObject();
            cJSON_AddItemToArray(begun, attempt);
            json_put_text(attempt, "uuid", dead->begun[i].uuid);
            json_put_number(attempt, "attempt", dead->begun[i].attempt);
        }
    }
}

static struct dead_owner *load_one(const cJSON *from)
{
    const cJSON *list = json_get(from, "begun"), *attempt;
    struct dead_owner *dead = mem_new(
        1, sizeof *dead + ((size_t)cJSON_GetArraySize(list) + 1) * sizeof dead->begun[0]);
    snprintf(dead->owner, sizeof dead->owner, "%s", json_get_string(from, "owner", ""));
    snprintf(dead->connection, sizeof dead->connection, "%s",
             json_get_string(from, "connection", ""));
    dead->stage = DUE;
    cJSON_ArrayForEach(attempt, list)
    {
        struct begun *begun = &dead->begun[dead->begun_count++];
        snprintf(begun->uuid, sizeof begun->uuid, "%s", json_get_string(attempt, "uuid", ""));
        begun->attempt = (int)json_get_integer(attempt, "attempt", 0);
    }
    return dead;
}

void returns_load(struct returns *returns, const cJSON *list)
{
    const cJSON *object;
    cJSON_ArrayForEach(object, list) append(returns, load_one(object));
}
