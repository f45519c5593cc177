/* SPDX-License-Identifier: MIT */
#include "common/driver_path.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "common/path.h"

static const char *const own_names[] = {"sqlite", "pgsql", "redis", NULL};

bool driver_path_is_own(const char *name)
{
    for (size_t i = 0; own_names[i]; i++) {
        if (strcmp(own_names[i], name) == 0)
            return true;
    }
    return false;
}

int driver_path_check_name(const char *name, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);
    if (length > 0 && length <= DRIVER_NAME_MAX && strspn(name, letters) == length &&
        strchr("0123456789_-", name[0]) == NULL)
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%.80s\" is not a driver's name; write 1 to %d of a-z 0-9 _ - beginning with "
                   "a letter",
                   name, DRIVER_NAME_MAX);
}

static char *this_program(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    return length > 0 ? mem_strndup(path, (size_t)length) : NULL;
}

char *driver_path_of_program(void)
{
    Dl_info place;
    struct link_map *map = NULL;
    bool is_known = dladdr1((const void *)own_names, &place, (void **)&map, RTLD_DL_LINKMAP) != 0;
    if (is_known && map && map->l_name[0])
        return path_absolute(map->l_name);
    return this_program();
}

/* A folder relative to that of a file, where there is one. malloc'd, or NULL. */
static char *beside(const char *file, const char *relative)
{
    char *directory = path_directory(file);
    char *joined = mem_printf("%s/%s", directory, relative);
    char *folder = access(joined, X_OK) == 0 ? path_absolute(joined) : NULL;
    free(joined);
    free(directory);
    return folder;
}

/* In a build tree the one beside the program (build/muster, build/drivers), and where a prefix was
 * moved the one beside the library. */
static char *own_folder(void)
{
    char *program = driver_path_of_program();
    char *folder = program ? beside(program, "drivers") : NULL;
    if (program && !folder)
        folder = beside(program, "muster/drivers");
    free(program);
    return folder ? folder : mem_strdup(MUSTER_DRIVERDIR);
}

size_t driver_path_folders(const char *folder, char *folders[DRIVER_FOLDERS_MAX])
{
    size_t count = 0;
    folders[count++] = own_folder();
    if (folder[0])
        folders[count++] = path_absolute(folder);
    return count;
}

char *driver_path_file(const char *folder, const char *name)
{
    return mem_printf("%s/%s.so", folder, name);
}

char *driver_path_find(const char *folder, const char *name)
{
    char *folders[DRIVER_FOLDERS_MAX], *found = NULL;
    size_t count = driver_path_folders(folder, folders);
    for (size_t i = 0; i < count; i++) {
        char *path = driver_path_file(folders[i], name);
        bool is_it = !found && access(path, F_OK) == 0;
        if (is_it)
            found = path;
        else
            free(path);
        free(folders[i]);
    }
    return found;
}

int driver_path_unknown(const char *folder, const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; own_names[i]; i++)
        nearest_consider(&nearest, own_names[i]);
    if (nearest.best)
        return err_set(err, ERR_INVALID, "there is no driver %s; did you mean %s?", name,
                       nearest.best);
    return err_set(err, ERR_INVALID,
                   "there is no driver %s: neither sqlite, pgsql, redis nor %s.so in %s%s%s", name,
                   name, folder, folder[0] ? " or " : "", MUSTER_DRIVERDIR);
}
