/* SPDX-License-Identifier: MIT */
#include "cli/watch.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define WATCH_EVENTS                                                                               \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR |           \
     IN_EXCL_UNLINK)

int watch_init(struct watch *watch, struct err *err)
{
    *watch = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    return watch->fd < 0 ? err_errno(err, errno, "inotify") : 0;
}

void watch_finish(struct watch *watch)
{
    fd_close(&watch->fd);
    for (size_t i = 0; i < watch->directory_count; i++) {
        free(watch->directories[i].path);
        free(watch->directories[i].only);
    }
    free(watch->directories);
    for (size_t i = 0; i < watch->ignored_count; i++)
        free(watch->ignored[i]);
    free(watch->ignored);
}

/* --- what does not count --- */

/* The absolute form of a path whose last part need not exist; the path itself where that fails.
 * malloc'd. */
static char *absolute(const char *path)
{
    char *copies[2] = {mem_strdup(path), mem_strdup(path)};
    char real[PATH_MAX];
    char *result = realpath(dirname(copies[0]), real)
                       ? mem_printf("%s/%s", strcmp(real, "/") ? real : "", basename(copies[1]))
                       : mem_strdup(path);
    free(copies[0]);
    free(copies[1]);
    return result;
}

void watch_ignore(struct watch *watch, const char *prefix)
{
    watch->ignored = mem_resize(watch->ignored, watch->ignored_count + 1, sizeof(char *));
    watch->ignored[watch->ignored_count++] = absolute(prefix);
}

static bool is_ignored(const struct watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->ignored_count; i++)
        if (strncmp(path, watch->ignored[i], strlen(watch->ignored[i])) == 0)
            return true;
    return false;
}

static bool name_counts(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && name[0] != '.' && name[length - 1] != '~';
}

/* --- watching --- */

static struct watch_directory *directory_of(struct watch *watch, int id)
{
    for (size_t i = 0; i < watch->directory_count; i++)
        if (watch->directories[i].id == id)
            return &watch->directories[i];
    return NULL;
}

static void widen(struct watch_directory *directory, const char *only)
{
    if (directory->only && (!only || strcmp(directory->only, only) != 0)) {
        free(directory->only);
        directory->only = NULL;
    }
}

static int add_directory(struct watch *watch, const char *path, const char *only, struct err *err)
{
    if (watch->directory_count >= WATCH_DIRECTORIES_MAX)
        return err_set(err, ERR_LIMIT,
                       "%s: more than %d directories to watch; name fewer with --watch", path,
                       WATCH_DIRECTORIES_MAX);
    int id = inotify_add_watch(watch->fd, path, WATCH_EVENTS);
    if (id < 0)
        return err_errno(err, errno, "cannot watch %s", path);
    struct watch_directory *known = directory_of(watch, id);
    if (known) {
        widen(known, only);
        return 0;
    }
    watch->directories =
        mem_resize(watch->directories, watch->directory_count + 1, sizeof *watch->directories);
    watch->directories[watch->directory_count++] =
        (struct watch_directory){id, mem_strdup(path), mem_strdup(only)};
    return 0;
}

static int add_tree(struct watch *watch, const char *path, struct err *err);

static int add_child(struct watch *watch, const char *parent, const struct dirent *entry,
                     struct err *err)
{
    if (entry->d_type != DT_DIR || !name_counts(entry->d_name))
        return 0;
    char *path = mem_printf("%s/%s", strcmp(parent, "/") ? parent : "", entry->d_name);
    int result = is_ignored(watch, path) ? 0 : add_tree(watch, path, err);
    free(path);
    return result;
}

/* A directory that goes away meanwhile is no failure. */
static int add_tree(struct watch *watch, const char *path, struct err *err)
{
    if (add_directory(watch, path, NULL, err) < 0) {
        if (err->code != ERR_NOT_FOUND)
            return -1;
        err_clear(err);
        return 0;
    }
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    int result = 0;
    const struct dirent *entry;
    while (result == 0 && (entry = readdir(directory)))
        result = add_child(watch, path, entry, err);
    closedir(directory);
    return result;
}

int watch_add(struct watch *watch, const char *path, struct err *err)
{
    char real[PATH_MAX];
    struct stat info;
    if (!realpath(path, real) || stat(real, &info) < 0)
        return err_errno(err, errno, "cannot watch %s", path);
    if (S_ISDIR(info.st_mode))
        return add_tree(watch, real, err);
    char *slash = strrchr(real, '/');
    *slash = '\0';
    return add_directory(watch, *real ? real : "/", slash + 1, err);
}

/* --- news --- */

static bool event_counts(struct watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    const struct watch_directory *directory = directory_of(watch, event->wd);
    if (!directory || event->len == 0 || !name_counts(event->name))
        return false;
    if (directory->only)
        return strcmp(directory->only, event->name) == 0;
    char *path = mem_printf("%s/%s", directory->path, event->name);
    bool counts = !is_ignored(watch, path);
    if (counts && (event->mask & IN_ISDIR) && (event->mask & (IN_CREATE | IN_MOVED_TO))) {
        struct err ignored = ERR_INIT; /* what cannot be watched any more is no reason to stop */
        add_tree(watch, path, &ignored);
    }
    free(path);
    return counts;
}

bool watch_read(struct watch *watch)
{
    char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t got;
    while ((got = read(watch->fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            changed = event_counts(watch, event) || changed;
            at += sizeof *event + event->len;
        }
    }
    return changed;
}
