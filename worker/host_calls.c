/* SPDX-License-Identifier: MIT */
#include "worker/host_calls.h"

#include <string.h>

#define HOST_KIND   "host"
#define LEADER_KIND "scaler"
#define LEADER_KEY  "leader"
#define HOSTS_MAX   1000
#define TTL_MS      4000

/* Who is asked about, and where the others go. */
struct round {
    const char *host;
    cJSON *others;
};

static int add_other(void *context, const struct note *note)
{
    struct round *round = context;
    if (strcmp(note->key, round->host) == 0)
        return 0;
    cJSON *document = json_parse(note->value, strlen(note->value), NULL);
    if (!document)
        return 0;
    cJSON *other = cJSON_CreateObject();
    cJSON_AddStringToObject(other, "host", note->key);
    cJSON_AddItemToObject(other, "document", document);
    cJSON_AddItemToArray(round->others, other);
    return 0;
}

static const char *host_of(const cJSON *request, struct err *err)
{
    const char *host = json_get_string(request, "host", NULL);
    if (!host)
        err_set(err, ERR_INVALID, "host is missing");
    return host;
}

static int put_document(struct queue_connection *connection, const char *host, const cJSON *request,
                        struct err *err)
{
    char *text = cJSON_PrintUnformatted(json_get(request, "document"));
    const struct note note = {.kind = HOST_KIND,
                              .key = host,
                              .value = text ? text : "{}",
                              .ttl_ms = json_get_integer(request, "ttl_ms", TTL_MS)};
    int result = connection->driver->note_put(connection->store, &note, err);
    cJSON_free(text);
    return result;
}

static int claim(struct queue_connection *connection, const char *host, const cJSON *request,
                 bool *leads, struct err *err)
{
    const struct note note = {.kind = LEADER_KIND,
                              .key = LEADER_KEY,
                              .value = "{}",
                              .owner = host,
                              .ttl_ms = json_get_integer(request, "ttl_ms", TTL_MS)};
    return connection->driver->note_claim(connection->store, &note, leads, err);
}

int host_calls_exchange(struct queue_connection *connection, const cJSON *request, cJSON *answer,
                        struct err *err)
{
    bool leads = false;
    struct round round = {.host = host_of(request, err),
                          .others = cJSON_AddArrayToObject(answer, "hosts")};
    if (!round.host || put_document(connection, round.host, request, err) < 0 ||
        claim(connection, round.host, request, &leads, err) < 0)
        return -1;
    cJSON_AddBoolToObject(answer, "leads", leads);
    return connection->driver->note_list(connection->store, HOST_KIND, "", NULL, HOSTS_MAX,
                                         add_other, &round, err);
}

int host_calls_leave(struct queue_connection *connection, const cJSON *request, struct err *err)
{
    uint64_t count;
    const char *host = host_of(request, err);
    const struct driver *driver = connection->driver;
    if (!host || driver->note_remove(connection->store, HOST_KIND, host, NULL, 1, &count, err) < 0)
        return -1;
    if (!json_get_bool(request, "leads", false))
        return 0;
    return driver->note_remove(connection->store, LEADER_KIND, LEADER_KEY, NULL, 1, &count, err);
}
