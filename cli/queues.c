/* SPDX-License-Identifier: MIT */
#include "cli/queues.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static int add_name(void *context, const char *name)
{
    struct queue_names *names = context;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return 0;
    names->names = mem_resize(names->names, names->count + 1, sizeof(char *));
    names->names[names->count++] = mem_strdup(name);
    return 0;
}

void queue_names_finish(struct queue_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct queue_names){0};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int queue_names_collect(struct queue_names *names, const struct queue_connection *connection,
                        const struct settings *settings, struct err *err)
{
    if (connection->driver->queues(connection->store, add_name, names, err) < 0)
        return -1;
    for (size_t i = 0; i < settings->queue_count; i++) {
        const char *name = settings->queues[i].name;
        if (settings_connection_of(settings, name) == connection->settings)
            add_name(names, name);
    }
    if (names->count > 0)
        qsort(names->names, names->count, sizeof(char *), compare_names);
    return 0;
}
