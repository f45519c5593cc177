/* SPDX-License-Identifier: MIT */
#include "common/path.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

/* Shortens an absolute name in place. */
static void normalise(char *path)
{
    char *out = path;
    const char *at = path;
    while (*at) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        if (length == 2 && strncmp(at, "..", 2) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (length > 0 && !(length == 1 && *at == '.')) {
            *out++ = '/';
            memmove(out, at, length);
            out += length;
        }
        at += length;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

char *path_absolute(const char *path)
{
    char *current = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *absolute = mem_printf("%s/%s", current ? current : "", path);
    free(current);
    normalise(absolute);
    return absolute;
}

char *path_directory(const char *file)
{
    char *directory = path_absolute(file);
    char *slash = strrchr(directory, '/');
    slash[slash == directory] = '\0';
    return directory;
}

static const char *home_directory(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_dir : "/";
}

char *path_expand_home(const char *path)
{
    if (path[0] != '~')
        return mem_strdup(path);
    size_t length = strcspn(path, "/");
    char *name = mem_strndup(path + 1, length - 1);
    const struct passwd *user = name[0] ? getpwnam(name) : NULL;
    const char *home = !name[0] ? home_directory() : user ? user->pw_dir : NULL;
    char *expanded = home ? mem_printf("%s%s", home, path + length) : mem_strdup(path);
    free(name);
    return expanded;
}

char *path_resolve(const char *directory, const char *path)
{
    if (path[0] == '\0')
        return mem_strdup("");
    bool at_home = path[0] == '~' && (path[1] == '/' || path[1] == '\0');
    const char *base = at_home ? home_directory() : path[0] == '/' ? "" : directory;
    char *joined = mem_printf("%s/%s", base, path + at_home);
    char *resolved = path_absolute(joined);
    free(joined);
    return resolved;
}
