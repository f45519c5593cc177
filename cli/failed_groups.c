/* SPDX-License-Identifier: MIT */
#include "cli/failed_groups.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define SLOTS_MIN 64

/* Open addressing, at most half full. The id is a hash already. */
static size_t *find_slot(const struct failed_groups *groups, const char *id)
{
    size_t mask = groups->slot_count - 1;
    size_t at = (size_t)strtoull(id, NULL, 16) & mask;
    while (groups->slots[at] > 0 &&
           strcmp(groups->groups[groups->slots[at] - 1].fingerprint.id, id) != 0)
        at = (at + 1) & mask;
    return &groups->slots[at];
}

static void make_room(struct failed_groups *groups)
{
    if (2 * groups->count < groups->slot_count)
        return;
    free(groups->slots);
    groups->slot_count = groups->slot_count ? 2 * groups->slot_count : SLOTS_MIN;
    groups->slots = mem_new(groups->slot_count, sizeof *groups->slots);
    groups->groups = mem_resize(groups->groups, groups->slot_count, sizeof *groups->groups);
    for (size_t i = 0; i < groups->count; i++)
        *find_slot(groups, groups->groups[i].fingerprint.id) = i + 1;
}

static struct failed_group *open_group(struct failed_groups *groups, size_t *slot,
                                       const struct failed_job *failed,
                                       const struct fingerprint *fingerprint)
{
    struct failed_group *group = &groups->groups[groups->count++];
    *slot = groups->count;
    *group = (struct failed_group){
        .fingerprint = *fingerprint,
        .name = mem_strdup(failed->name),
        .queue = mem_strdup(failed->queue),
        .newest = mem_strdup(failed->uuid),
        .last_ms = failed->failed_at_ms,
    };
    return group;
}

int failed_groups_add(void *context, const struct failed_job *failed,
                      const struct fingerprint *fingerprint)
{
    struct failed_groups *groups = context;
    make_room(groups);
    size_t *slot = find_slot(groups, fingerprint->id);
    struct failed_group *group =
        *slot > 0 ? &groups->groups[*slot - 1] : open_group(groups, slot, failed, fingerprint);
    group->count++;
    group->first_ms = failed->failed_at_ms;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct failed_group *one = a, *two = b;
    if (one->count != two->count)
        return one->count < two->count ? 1 : -1;
    return (one->last_ms < two->last_ms) - (one->last_ms > two->last_ms);
}

void failed_groups_sort(struct failed_groups *groups)
{
    if (groups->count > 0)
        qsort(groups->groups, groups->count, sizeof *groups->groups, compare);
}

void failed_groups_finish(struct failed_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->groups[i].name);
        free(groups->groups[i].queue);
        free(groups->groups[i].newest);
    }
    free(groups->groups);
    free(groups->slots);
}
