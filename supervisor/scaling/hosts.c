/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "scaler/share.h"
#include "supervisor/master.h"
#include "supervisor/scaling/host_document.h"

#define EXCHANGE_SECONDS 10.

struct hosts *hosts_create(struct scaling *scaling, const char *connection)
{
    struct hosts *hosts = mem_new(1, sizeof *hosts);
    *hosts = (struct hosts){
        .scaling = scaling, .connection = mem_strdup(connection), .others = cJSON_CreateArray()};
    return hosts;
}

void hosts_destroy(struct hosts *hosts)
{
    calls_forget(hosts->scaling->master->maintenance.calls, hosts->call);
    cJSON_Delete(hosts->others);
    free(hosts->connection);
    free(hosts);
}

/* A master that is started again in its directory is the same one. */
void hosts_name_self(const char *datadir, char id[HOST_ID_SIZE])
{
    char name[65] = "";
    uint32_t hash = 0x811c9dc5u; /* FNV-1a */
    gethostname(name, sizeof name - 1);
    for (const char *at = datadir; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x01000193u;
    snprintf(id, HOST_ID_SIZE, "%s:%08x", name, hash);
}

/* --- Telling and hearing --- */

/* A document that cannot be understood is another version's: that host is left out. */
static void hear_host(struct hosts *hosts, const cJSON *other)
{
    const char *host = json_get_string(other, "host", NULL);
    const cJSON *document = json_get(other, "document");
    if (host && cJSON_IsObject(document))
        host_document_hear(hosts, host, document);
}

static void hear(struct hosts *hosts, cJSON *answer)
{
    const cJSON *other;
    bool was_heard = hosts->is_heard;
    cJSON_Delete(hosts->others);
    hosts->others = cJSON_DetachItemFromObjectCaseSensitive(answer, "hosts");
    if (!hosts->others)
        hosts->others = cJSON_CreateArray();
    bool leads = json_get_bool(answer, "leads", false);
    if (leads != hosts->leads || !was_heard)
        log_write(LOG_INFO, "scaling: connection %s: %s, %d other hosts", hosts->connection,
                  leads ? "this host decides" : "another host decides",
                  cJSON_GetArraySize(hosts->others));
    hosts->leads = leads;
    hosts->is_heard = true;
    host_document_begin(hosts);
    cJSON_ArrayForEach(other, hosts->others) hear_host(hosts, other);
    host_document_end(hosts, !was_heard);
    scaling_heard(hosts->scaling, hosts);
}

/* While the store is away nothing is known, and all stays as it is. */
static void on_answer(void *context, enum err_code status, const char *text, size_t length)
{
    struct hosts *hosts = context;
    hosts->call = 0;
    cJSON *answer = status == ERR_NONE ? json_parse(text, length, NULL) : NULL;
    if (answer)
        hear(hosts, answer);
    else
        log_write(LOG_DEBUG, "scaling: connection %s: %s", hosts->connection, text);
    cJSON_Delete(answer);
}

static cJSON *request_of(const struct hosts *hosts, const char *call)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "call", call);
    cJSON_AddStringToObject(request, "connection", hosts->connection);
    cJSON_AddStringToObject(request, "host", hosts->scaling->host);
    return request;
}

static void on_left(void *context, enum err_code status, const char *text, size_t length)
{
    (void)context, (void)status, (void)text, (void)length;
}

static uint32_t ask(struct hosts *hosts, cJSON *request, call_done_fn done)
{
    struct calls *calls = hosts->scaling->master->maintenance.calls;
    char *text = cJSON_PrintUnformatted(request);
    uint32_t call = calls_ask(calls, text, strlen(text), EXCHANGE_SECONDS, done, hosts, NULL);
    cJSON_free(text);
    cJSON_Delete(request);
    return call;
}

void hosts_exchange(struct hosts *hosts)
{
    if (hosts->call || hosts->is_left)
        return;
    cJSON *request = request_of(hosts, "hosts.exchange");
    cJSON_AddNumberToObject(request, "ttl_ms", HOSTS_TTL_MS);
    cJSON_AddItemToObject(request, "document", host_document_make(hosts));
    hosts->call = ask(hosts, request, on_answer);
}

void hosts_leave(struct hosts *hosts)
{
    if (hosts->is_left)
        return;
    hosts->is_left = true;
    calls_forget(hosts->scaling->master->maintenance.calls, hosts->call);
    hosts->call = 0;
    cJSON *request = request_of(hosts, "hosts.leave");
    cJSON_AddBoolToObject(request, "leads", hosts->leads);
    ask(hosts, request, on_left);
}

/* --- What follows from what was heard --- */

bool hosts_leaders_decision(const struct hosts *hosts, const char *queue, struct decision *decision)
{
    const cJSON *other;
    cJSON_ArrayForEach(other, hosts->others)
    {
        const cJSON *document = json_get(other, "document");
        if (json_get_bool(document, "leads", false) &&
            host_document_decision(document, queue, decision))
            return true;
    }
    return false;
}

static int64_t sum_of(const struct hosts *hosts, const char *name)
{
    int64_t sum = 0;
    const cJSON *other;
    cJSON_ArrayForEach(other, hosts->others) sum +=
        host_document_number(json_get(other, "document"), name);
    return sum;
}

int64_t hosts_capacity(const struct hosts *hosts)
{
    return scaling_capacity(hosts->scaling, hosts) + sum_of(hosts, "capacity");
}

int64_t hosts_fixed(const struct hosts *hosts)
{
    return scaling_fixed(hosts->scaling, hosts) + sum_of(hosts, "fixed");
}

/* --- Shares --- */

/* The hosts in byte order of their ids, with what each has room for. */
struct room {
    struct host_share *hosts;
    int64_t *left;
    const cJSON **documents; /* NULL: we ourselves */
    size_t count;
};

static void add_room(struct room *room, const char *host, int64_t left, const cJSON *document)
{
    size_t at = room->count++;
    for (; at > 0 && strcmp(room->hosts[at - 1].host, host) > 0; at--) {
        room->hosts[at] = room->hosts[at - 1];
        room->left[at] = room->left[at - 1];
        room->documents[at] = room->documents[at - 1];
    }
    room->hosts[at] = (struct host_share){.host = host};
    room->left[at] = left;
    room->documents[at] = document;
}

static struct room make_room(const struct hosts *hosts)
{
    size_t most = (size_t)cJSON_GetArraySize(hosts->others) + 1;
    struct room room = {.hosts = mem_new(most, sizeof *room.hosts),
                        .left = mem_new(most, sizeof *room.left),
                        .documents = mem_new(most, sizeof *room.documents)};
    const cJSON *other;
    add_room(&room, hosts->scaling->host, scaling_capacity(hosts->scaling, hosts), NULL);
    cJSON_ArrayForEach(other, hosts->others)
    {
        const cJSON *document = json_get(other, "document");
        const char *host = json_get_string(other, "host", NULL);
        if (host && cJSON_IsObject(document))
            add_room(&room, host, host_document_number(document, "capacity"), document);
    }
    return room;
}

/* Who does not serve a queue can take none of its workers. */
static void share_queue(struct room *room, struct scaled *scaled)
{
    struct pool *pool = scaled->pool;
    int64_t ours = 0;
    for (size_t i = 0; i < room->count; i++) {
        bool serves = !room->documents[i] || host_document_serves(room->documents[i], pool->queue);
        room->hosts[i].most = serves ? room->left[i] : 0;
    }
    share_divide(pool->queue, scaled->target, room->hosts, room->count);
    for (size_t i = 0; i < room->count; i++) {
        room->left[i] -= room->hosts[i].given;
        ours += room->documents[i] ? 0 : room->hosts[i].given;
    }
    if (ours == pool->wanted)
        return;
    pool->wanted = ours;
    pool->host->changed = true;
}

void hosts_share(const struct hosts *hosts)
{
    const struct scaling *scaling = hosts->scaling;
    struct room room = make_room(hosts);
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaled->follows_load && scaled->target >= 0 &&
            scaling_hosts_of(scaling, scaled) == hosts)
            share_queue(&room, scaled);
    free(room.hosts);
    free(room.left);
    free(room.documents);
}
