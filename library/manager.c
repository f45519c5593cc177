/* SPDX-License-Identifier: MIT */
#include "library/manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

_Static_assert((int)MUSTER_SYSTEM == (int)ERR_SYSTEM && (int)MUSTER_INVALID == (int)ERR_INVALID &&
                   (int)MUSTER_FULL == (int)ERR_FULL,
               "the codes of users are ours");

/* --- errors --- */

int manager_result(struct muster_error *error, const struct err *cause)
{
    if (cause->code == ERR_NONE)
        return 0;
    if (!error || error->code != MUSTER_OK)
        return -1;
    error->code = (enum muster_code)cause->code;
    snprintf(error->text, sizeof error->text, "%s", cause->text);
    return -1;
}

int manager_check(const struct muster *muster, struct err *err)
{
    if (!muster)
        return err_set(err, ERR_INVALID, "there is no struct muster: it was not opened");
    if (muster->manager->pid == getpid())
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "it was opened in another process: call muster_open after the fork");
}

/* --- the log --- */

static void (*write_record)(int level, const char *message);

static void take_record(enum log_level level, const char *field, const char *value,
                        const char *message)
{
    (void)field, (void)value;
    if (write_record)
        write_record((int)level, message);
}

MUSTER_API void muster_set_log(void (*write)(int level, const char *message))
{
    write_record = write;
}

/* --- opening --- */

MUSTER_API const char *muster_version(void)
{
    return MUSTER_VERSION;
}

static size_t pool_of(const struct manager *manager, const struct connection_settings *connection)
{
    return (size_t)(connection - manager->settings->connections);
}

static struct muster *open_with(struct settings *settings)
{
    struct manager *manager = mem_new(1, sizeof *manager);
    size_t count = settings->connection_count;
    *manager = (struct manager){
        .pid = getpid(),
        .settings = settings,
        .pools = mem_new(count, sizeof(struct pool)),
        .views = mem_new(count, sizeof(struct muster)),
        .all = {.manager = manager},
    };
    for (size_t i = 0; i < count; i++) {
        pool_init(&manager->pools[i], &settings->connections[i]);
        manager->views[i] = (struct muster){.manager = manager, .pool = &manager->pools[i]};
    }
    return &manager->all;
}

static struct muster *open_file(const char *file, struct muster_error *error)
{
    struct err err = ERR_INIT;
    log_forward(take_record);
    struct settings *settings = settings_load(file, &err);
    manager_result(error, &err);
    return settings ? open_with(settings) : NULL;
}

MUSTER_API struct muster *muster_open(const char *file, struct muster_error *error)
{
    char *found = file ? NULL : settings_find_file();
    struct muster *muster = open_file(file ? file : found, error);
    free(found);
    return muster;
}

MUSTER_API struct muster *muster_open_default(struct muster_error *error)
{
    return open_file(NULL, error);
}

/* In a forked process the connections are the parent's: closing them would end them for it. */
MUSTER_API void muster_close(struct muster *muster)
{
    if (!muster)
        return;
    struct manager *manager = muster->manager;
    for (size_t i = 0; i < manager->settings->connection_count && manager->pid == getpid(); i++)
        pool_finish(&manager->pools[i]);
    settings_destroy(manager->settings);
    free(manager->pools);
    free(manager->views);
    free(manager);
}

/* --- connections --- */

MUSTER_API struct muster *muster_connection(struct muster *muster, const char *name,
                                            struct muster_error *error)
{
    struct err err = ERR_INIT;
    const struct connection_settings *connection = NULL;
    if (manager_check(muster, &err) == 0 && !name)
        err_set(&err, ERR_INVALID, "no name of a connection was given");
    if (err.code == ERR_NONE &&
        !(connection = settings_connection(muster->manager->settings, name)))
        err_set(
            &err, ERR_NOT_FOUND,
            "there is no connection \"%.100s\": no section [connection:%.100s] in %s", name, name,
            *muster->manager->settings->file ? muster->manager->settings->file : "the defaults");
    manager_result(error, &err);
    return connection ? &muster->manager->views[pool_of(muster->manager, connection)] : NULL;
}

struct pool *manager_pool(const struct muster *muster, const char *queue)
{
    const struct settings *settings = muster->manager->settings;
    if (muster->pool)
        return muster->pool;
    const struct connection_settings *connection =
        queue ? settings_connection_of(settings, queue)
              : settings_connection(settings, settings->muster.connection);
    return &muster->manager->pools[pool_of(muster->manager, connection)];
}
