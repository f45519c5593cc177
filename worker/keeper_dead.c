/* SPDX-License-Identifier: MIT */
#include "worker/keeper_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

#define LATER_MS     1000  /* after that it is looked for late leases of a dead worker, */
#define LATER_FACTOR 4     /* again after so much longer, */
#define LATER_MAX_MS 16000 /* and no more after this */

static int return_leases(struct keeper *keeper, struct dead *dead)
{
    struct err err = ERR_INIT;
    struct lease *begun = mem_new(dead->count, sizeof *begun);
    for (size_t i = 0; i < dead->count; i++)
        begun[i] = (struct lease){.uuid = dead->begun[i].uuid, .attempt = dead->begun[i].attempt};
    int result = keeper->driver->return_owner(keeper->store.store, dead->owner, begun, dead->count,
                                              &dead->returned, &err);
    free(begun);
    if (result < 0) {
        keeper_fail(keeper, &err);
        return -1;
    }
    keeper_succeed(keeper);
    dead->is_returned = true;
    return 0;
}

static int confirm(struct keeper *keeper, const struct dead *dead)
{
    struct record record = {.type = RECORD_RETURNED};
    memcpy(record.body.returned.owner, dead->owner, sizeof dead->owner);
    record.body.returned.count = dead->returned;
    return mouth_send(keeper->mouth, &record);
}

static void look_later(struct keeper *keeper, struct dead *dead, int64_t pause_ms)
{
    dead->pause_ms = pause_ms;
    dead->due_ms = keeper_now_ms(keeper) + pause_ms;
    dead->next = keeper->later;
    keeper->later = dead;
}

void keeper_return_late(struct keeper *keeper)
{
    struct dead **link = &keeper->later;
    while (*link) {
        struct dead *dead = *link;
        if (keeper_now_ms(keeper) < dead->due_ms) {
            link = &dead->next;
            continue;
        }
        if (return_leases(keeper, dead) < 0)
            return;
        if (dead->returned > 0)
            log_write(LOG_INFO, "returned late: %llu leases of %s",
                      (unsigned long long)dead->returned, dead->owner);
        *link = dead->next;
        if (dead->pause_ms < LATER_MAX_MS)
            look_later(keeper, dead, dead->pause_ms * LATER_FACTOR);
        else
            free(dead);
    }
}

/* Goes on with the next one when the store has taken this one. */
void keeper_return_dead(struct keeper *keeper)
{
    struct dead **link = &keeper->dead;
    while (*link) {
        struct dead *dead = *link;
        if (!dead->is_returned && return_leases(keeper, dead) < 0)
            return;
        if (confirm(keeper, dead) < 0 && errno == EAGAIN) {
            link = &dead->next;
            continue;
        }
        *link = dead->next;
        look_later(keeper, dead, LATER_MS);
    }
}

static void free_all(struct dead *dead)
{
    while (dead) {
        struct dead *next = dead->next;
        free(dead);
        dead = next;
    }
}

void keeper_forget_dead(struct keeper *keeper)
{
    free_all(keeper->dead);
    free_all(keeper->later);
}
