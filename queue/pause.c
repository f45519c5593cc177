/* SPDX-License-Identifier: MIT */
#include "queue/pause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/mem.h"

#define KIND       "pause"
#define PAUSES_MAX 10000 /* that anybody looks at */
#define VALUE_MAX  1024

void pause_host(char host[PAUSE_HOST_MAX + 1])
{
    host[0] = host[PAUSE_HOST_MAX] = '\0';
    gethostname(host, PAUSE_HOST_MAX);
}

/* "QUEUE/HOST". A host's name has nothing in it that a key could not have. */
static int make_key(char key[NOTE_KEY_MAX + 1], const char *queue, const char *host,
                    struct err *err)
{
    if (strcmp(queue, PAUSE_ALL) != 0 && settings_check_name("the queue", queue, err) < 0)
        return -1;
    if (!host[0] || strlen(host) > PAUSE_HOST_MAX || strchr(host, '/'))
        return err_set(err, ERR_INVALID, "the host must be the name of one, of at most %d bytes",
                       PAUSE_HOST_MAX);
    snprintf(key, NOTE_KEY_MAX + 1, "%s/%s", queue, host);
    return 0;
}

int pause_set(struct queue_connection *connection, const char *queue, const char *host,
              const char *by, struct err *err)
{
    char key[NOTE_KEY_MAX + 1];
    if (make_key(key, queue, host, err) < 0)
        return -1;
    struct buf value;
    buf_init(&value, VALUE_MAX);
    int result = buf_text_append(&value, "{\"by\":");
    result |= json_string_append(&value, by ? by : "", by ? strnlen(by, VALUE_MAX / 8) : 0);
    result |= buf_text_append(&value, "}");
    const struct note note = {.kind = KIND, .key = key, .value = buf_text(&value)};
    result = result < 0 ? err_set(err, ERR_LIMIT, "who pauses has too long a name")
                        : connection->driver->note_put(connection->store, &note, err);
    buf_finish(&value);
    return result;
}

/* The key of one may be the beginning of another host's. */
struct search {
    const char *key;
    bool is_found;
};

static int look_at(void *context, const struct note *note)
{
    struct search *search = context;
    search->is_found = strcmp(note->key, search->key) == 0;
    return 1; /* it sorts first */
}

int pause_clear(struct queue_connection *connection, const char *queue, const char *host, bool *was,
                struct err *err)
{
    char key[NOTE_KEY_MAX + 1], behind[NOTE_KEY_MAX + 3];
    uint64_t count = 0;
    if (make_key(key, queue, host, err) < 0)
        return -1;
    struct search search = {.key = key};
    if (connection->driver->note_list(connection->store, KIND, key, NULL, 1, look_at, &search,
                                      err) < 0)
        return -1;
    *was = search.is_found;
    snprintf(behind, sizeof behind, "%s\x01", key);
    if (!*was)
        return 0;
    return connection->driver->note_remove(connection->store, KIND, key, behind, 1, &count, err);
}

struct listing {
    pause_fn each;
    void *context;
};

static int tell(void *context, const struct note *note)
{
    const struct listing *listing = context;
    const char *slash = strchr(note->key, '/');
    if (!slash)
        return 0;
    char *queue = mem_strndup(note->key, (size_t)(slash - note->key));
    cJSON *value = json_parse(note->value, strlen(note->value), NULL);
    const struct pause pause = {.queue = queue,
                                .host = slash + 1,
                                .by = json_get_string(value, "by", ""),
                                .since_ms = note->updated_at_ms};
    listing->each(listing->context, &pause);
    cJSON_Delete(value);
    free(queue);
    return 0;
}

int pause_list(struct queue_connection *connection, pause_fn each, void *context, struct err *err)
{
    struct listing listing = {each, context};
    return connection->driver->note_list(connection->store, KIND, "", NULL, PAUSES_MAX, tell,
                                         &listing, err);
}

static bool is_for(const char *pattern, const char *name)
{
    return strcmp(pattern, PAUSE_ALL) == 0 || strcmp(pattern, name) == 0;
}

bool pause_holds(const struct pause *pause, const char *queue, const char *host)
{
    return is_for(pause->queue, queue) && is_for(pause->host, host);
}

struct question {
    const char *queue, *host;
    bool is_paused;
};

static void ask(void *context, const struct pause *pause)
{
    struct question *question = context;
    if (pause_holds(pause, question->queue, question->host))
        question->is_paused = true;
}

int pause_find(struct queue_connection *connection, const char *queue, const char *host,
               bool *is_paused, struct err *err)
{
    struct question question = {queue, host, false};
    int result = pause_list(connection, ask, &question, err);
    *is_paused = question.is_paused;
    return result;
}
