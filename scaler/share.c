/* SPDX-License-Identifier: MIT */
#include "scaler/share.h"

#include <stdbool.h>

/* FNV-1a of both names: an order of the hosts that is another one for each queue. */
static uint64_t rank_of(const char *queue, const char *host)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *at = queue; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    hash = (hash ^ 0xff) * 0x100000001b3u;
    for (const char *at = host; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* True where one is to get the next worker rather than another: it has fewer, or it comes first. */
static bool comes_first(const char *queue, const struct host_share *one,
                        const struct host_share *other)
{
    if (one->given != other->given)
        return one->given < other->given;
    return rank_of(queue, one->host) > rank_of(queue, other->host);
}

void share_divide(const char *queue, int64_t workers, struct host_share *hosts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hosts[i].given = 0;
    for (; workers > 0; workers--) {
        struct host_share *next = NULL;
        for (size_t i = 0; i < count; i++)
            if (hosts[i].given < hosts[i].most && (!next || comes_first(queue, &hosts[i], next)))
                next = &hosts[i];
        if (!next)
            return;
        next->given++;
    }
}
