/* SPDX-License-Identifier: MIT */
#include "drivers/plugin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/shared_object.h"

/* What was loaded stays so until the end of the process, like the objects themselves. */
struct loaded {
    char *path;
    const struct driver *driver;
    struct loaded *next;
};

static struct loaded *all_loaded;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const struct driver *find_loaded(const char *path)
{
    for (const struct loaded *loaded = all_loaded; loaded; loaded = loaded->next) {
        if (strcmp(loaded->path, path) == 0)
            return loaded->driver;
    }
    return NULL;
}

/* memory for /usr/lib/muster/drivers/memory.so. malloc'd. */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return mem_strndup(name, dot ? (size_t)(dot - name) : strlen(name));
}

static void write_its_record(enum log_level level, const char *field, const char *value,
                             const char *message)
{
    if (!log_enabled(level))
        return;
    if (field)
        log_about(level, field, value, "%s", message);
    else
        log_write(level, "%s", message);
}

static int check(const struct driver *driver, const char *path, struct err *err)
{
    char *name = name_of(path);
    struct err cause = ERR_INIT;
    int result = driver ? plugin_check(driver, name, &cause)
                        : err_set(&cause, ERR_INVALID, "its %s is NULL", DRIVER_SYMBOL);
    free(name);
    if (result == 0)
        return 0;
    return err_set(err, cause.code, "the driver %s cannot be used: %s", path, cause.text);
}

static const struct driver *load(const char *path, struct err *err)
{
    if (plugin_check_file(path, err) < 0)
        return NULL;
    const struct driver *const *entry = shared_object_entry(path, DRIVER_SYMBOL, err);
    const struct driver *driver = entry ? *entry : NULL;
    if (!entry || check(driver, path, err) < 0)
        return NULL;
    if (driver->set_log)
        driver->set_log(write_its_record);
    return driver;
}

static const struct driver *load_and_keep(const char *path, struct err *err)
{
    const struct driver *driver = load(path, err);
    if (!driver)
        return NULL;
    struct loaded *loaded = mem_new(1, sizeof *loaded);
    *loaded = (struct loaded){.path = mem_strdup(path), .driver = driver, .next = all_loaded};
    all_loaded = loaded;
    return driver;
}

const struct driver *plugin_load(const char *path, struct err *err)
{
    pthread_mutex_lock(&lock);
    const struct driver *driver = find_loaded(path);
    if (!driver)
        driver = load_and_keep(path, err);
    pthread_mutex_unlock(&lock);
    return driver;
}
