/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "queue/pause.h"

static const char *key, *value; /* of the one note that the store has */

static int list_one(struct store *store, const char *kind, const char *prefix,
                    const char *after_key, size_t limit, note_fn each, void *context,
                    struct err *err)
{
    (void)store, (void)kind, (void)prefix, (void)after_key, (void)limit, (void)err;
    const struct note note = {.kind = "pause", .key = key, .value = value, .updated_at_ms = 1};
    each(context, &note);
    return 0;
}

static void look_at(void *context, const struct pause *pause)
{
    (void)context;
    FUZZ_ASSERT(pause->queue && pause->host && pause->by && !strchr(pause->queue, '/'));
    FUZZ_ASSERT(pause_holds(pause, pause->queue, pause->host));
}

/* A note of a pause that somebody else has left in the store: the first line is its key, the rest
 * its value. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct driver driver = {.note_list = list_one};
    struct queue_connection connection = {.driver = &driver};
    struct err err = ERR_INIT;
    bool is_paused;
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    char *line_end = strchr(text, '\n');
    value = line_end ? line_end + 1 : "";
    if (line_end)
        *line_end = '\0';
    key = text;
    FUZZ_ASSERT(pause_list(&connection, look_at, NULL, &err) == 0);
    FUZZ_ASSERT(pause_find(&connection, "mails", "here", &is_paused, &err) == 0);
    bool holds = strcmp(key, "*/*") == 0 || strcmp(key, "mails/*") == 0 ||
                 strcmp(key, "*/here") == 0 || strcmp(key, "mails/here") == 0;
    FUZZ_ASSERT(is_paused == holds);
    free(text);
    return 0;
}
