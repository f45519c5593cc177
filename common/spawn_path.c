/* SPDX-License-Identifier: MIT */
#include "common/spawn_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/path.h"

#define USUAL_PATH "/usr/local/bin:/usr/bin:/bin"

static const char *search_path(char *const *envp)
{
    for (; envp && *envp; envp++)
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    return USUAL_PATH;
}

/* An empty entry is the current directory. */
static char *candidate(const char *entry, size_t length, const char *name, const char *directory)
{
    if (length > 0 && entry[0] == '/')
        return mem_printf("%.*s/%s", (int)length, entry, name);
    return mem_printf("%s/%.*s%s%s", directory ? directory : ".", (int)length, entry,
                      length ? "/" : "", name);
}

static bool is_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return false;
    if (S_ISREG(status.st_mode) && access(path, X_OK) == 0)
        return true;
    errno = EACCES;
    return false;
}

char *spawn_find_program(const char *name, char *const *envp, const char *directory)
{
    if (strchr(name, '/'))
        return mem_strdup(name);
    int cause = ENOENT;
    const char *entry = search_path(envp);
    while (*name) {
        size_t length = strcspn(entry, ":");
        char *path = candidate(entry, length, name, directory);
        if (is_program(path))
            return path;
        free(path);
        if (errno == EACCES)
            cause = EACCES;
        if (!entry[length])
            break;
        entry += length + 1;
    }
    errno = cause;
    return NULL;
}

static char *beside_this_program(const char *name)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    char *directory = path_directory(path);
    char *program = mem_printf("%s/%s", directory, name);
    free(directory);
    if (access(program, X_OK) == 0)
        return program;
    free(program);
    return NULL;
}

char *spawn_find_own_program(const char *name, const char *variable, const char *directory)
{
    const char *given = getenv(variable);
    if (given && given[0])
        return mem_strdup(given);
    char *program = beside_this_program(name);
    return program ? program : mem_printf("%s/%s", directory, name);
}
