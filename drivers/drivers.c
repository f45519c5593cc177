/* SPDX-License-Identifier: MIT */
#include "drivers/drivers.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/driver_path.h"
#include "drivers/plugin.h"

static const struct driver *find_built_in(const char *name)
{
    for (size_t i = 0; drivers_built_in[i]; i++) {
        if (strcmp(drivers_built_in[i]->name, name) == 0)
            return drivers_built_in[i];
    }
    return NULL;
}

static const struct driver *find(const char *folder, const char *name, struct err *err)
{
    const struct driver *driver = find_built_in(name);
    if (driver || driver_path_check_name(name, err) < 0)
        return driver;
    char *path = driver_path_find(folder, name);
    if (path)
        driver = plugin_load(path, err);
    else if (driver_path_is_own(name))
        err_set(err, ERR_INVALID, "the driver %s is not installed: there is no %s.so in %s", name,
                name, MUSTER_DRIVERDIR);
    else
        driver_path_unknown(folder, name, err);
    free(path);
    return driver;
}

const struct driver *drivers_find(const struct connection_settings *settings, struct err *err)
{
    struct err cause = ERR_INIT;
    const struct driver *driver = find(settings->driver_path, settings->driver, &cause);
    if (!driver)
        err_set(err, cause.code, "connection %s: %s", settings->name, cause.text);
    return driver;
}

/* --- listing --- */

struct listing {
    char *folders[DRIVER_FOLDERS_MAX];
    size_t folder_count;
    driver_entry_fn each;
    void *context;
};

static void list_built_in(const struct listing *listing)
{
    for (size_t i = 0; drivers_built_in[i]; i++) {
        const struct driver_entry entry = {.name = drivers_built_in[i]->name,
                                           .driver = drivers_built_in[i]};
        listing->each(listing->context, &entry);
    }
}

/* Where a driver of this name is taken from, if it is not this folder; or NULL. */
static const char *shadowed_by(const struct listing *listing, size_t folder, const char *name)
{
    if (find_built_in(name))
        return "the program";
    for (size_t i = 0; i < folder; i++) {
        char *path = driver_path_file(listing->folders[i], name);
        bool is_there = access(path, F_OK) == 0;
        free(path);
        if (is_there)
            return listing->folders[i];
    }
    return NULL;
}

static void list_file(const struct listing *listing, size_t folder, const char *file)
{
    struct err err = ERR_INIT;
    char *path = mem_printf("%s/%s", listing->folders[folder], file);
    char *name = mem_strndup(file, strlen(file) - strlen(".so"));
    const char *other = shadowed_by(listing, folder, name);
    struct driver_entry entry = {.name = name, .file = path};
    if (other)
        err_set(&err, ERR_CONFLICT, "the name is taken by the driver %s in %s: give it another one",
                name, other);
    else if (driver_path_check_name(name, &err) == 0)
        entry.driver = plugin_load(path, &err);
    entry.refusal = err.code ? err.text : NULL;
    listing->each(listing->context, &entry);
    free(name);
    free(path);
}

static int is_object(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_folder(const struct listing *listing, size_t folder)
{
    struct dirent **files;
    int count = scandir(listing->folders[folder], &files, is_object, by_name);
    if (count < 0)
        return;
    for (int i = 0; i < count; i++) {
        list_file(listing, folder, files[i]->d_name);
        free(files[i]);
    }
    free(files);
}

void drivers_list(const char *folder, driver_entry_fn each, void *context)
{
    struct listing listing = {.each = each, .context = context};
    listing.folder_count = driver_path_folders(folder, listing.folders);
    list_built_in(&listing);
    for (size_t i = 0; i < listing.folder_count; i++)
        list_folder(&listing, i);
    for (size_t i = 0; i < listing.folder_count; i++)
        free(listing.folders[i]);
}
