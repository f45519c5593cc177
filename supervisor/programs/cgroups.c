/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/err.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/process_id.h"

#define OWN_NAME    "muster.main" /* where we live below a group that has been given to us */
#define ASIDE_NAME  "muster-%d"
#define MOVE_ROUNDS 10 /* somebody may fork meanwhile */
#define DECIMAL     10

static bool exists(const char *directory, const char *file)
{
    char *path = mem_printf("%s/%s", directory, file);
    bool is_there = access(path, F_OK) == 0;
    free(path);
    return is_there;
}

/* The root of the whole machine has no such file, and may hold processes beside groups. */
static bool is_root(const char *directory)
{
    return exists(directory, "cgroup.procs") && !exists(directory, "cgroup.type");
}

static bool has_controller(const char *directory, const char *file, const char *controller)
{
    char *text = cgroup_read(directory, file);
    bool has = cgroup_has_word(text, controller);
    free(text);
    return has;
}

/* Whose processes are in a group */

/* One that has ended meanwhile is nobody's. */
static bool is_ours(pid_t pid)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    for (pid_t at = pid; at > 1; at = process_parent(at))
        if (at == getpid())
            return true;
    return pid == getpid() || (pid > 0 && access(path, F_OK) < 0);
}

/* The next number of a list, or -1 at its end. */
static pid_t next_pid(char **at)
{
    char *end;
    long pid = strtol(*at, &end, DECIMAL);
    bool is_end = end == *at;
    *at = end;
    return is_end ? -1 : (pid_t)pid;
}

static pid_t find_stranger(const char *directory)
{
    char *text = cgroup_read(directory, "cgroup.procs"), *at = text;
    pid_t pid;
    do
        pid = at ? next_pid(&at) : -1;
    while (pid >= 0 && is_ours(pid));
    free(text);
    return pid;
}

/* Moves all processes. Returns 0, or -1 with errno where one cannot be. */
static int move_all(const char *from, const char *to)
{
    size_t moved = 1;
    for (int round = 0; round < MOVE_ROUNDS && moved > 0; round++) {
        char *text = cgroup_read(from, "cgroup.procs"), *at = text;
        moved = 0;
        for (pid_t pid; at && (pid = next_pid(&at)) >= 0; moved++) {
            char number[16];
            snprintf(number, sizeof number, "%d", (int)pid);
            if (cgroup_write(to, "cgroup.procs", number) < 0 && errno != ESRCH) {
                int cause = errno;
                free(text);
                errno = cause;
                return -1;
            }
        }
        free(text);
    }
    return 0;
}

/* Setting it up */

static void enable(const char *directory, const char *controller)
{
    char word[16];
    snprintf(word, sizeof word, "+%s", controller);
    if (has_controller(directory, "cgroup.controllers", controller))
        cgroup_write(directory, "cgroup.subtree_control", word);
}

static void enable_all(const char *directory)
{
    enable(directory, "memory");
    enable(directory, "cpu");
}

static int make(const char *directory, struct err *err)
{
    if (mkdir(directory, 0755) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make the cgroup %s", directory);
    return 0;
}

/* The kernel refuses to take away those in which something is left. */
static void remove_empty(const char *directory)
{
    DIR *stream = opendir(directory);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        if (cgroup_is_name(entry->d_name))
            unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
    if (stream)
        closedir(stream);
}

/* What one has left that was killed: the number in its name is that of its process. */
static void remove_stale(const char *above)
{
    DIR *stream = opendir(above);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        int pid, length = 0;
        if (sscanf(entry->d_name, ASIDE_NAME "%n", &pid, &length) != 1 || entry->d_name[length] ||
            pid <= 1 || kill(pid, 0) == 0 || errno != ESRCH)
            continue;
        char *directory = mem_printf("%s/%s", above, entry->d_name);
        remove_empty(directory);
        rmdir(directory);
        free(directory);
    }
    if (stream)
        closedir(stream);
}

static int set_up_aside(struct cgroups *cgroups, const char *above, struct err *err)
{
    remove_stale(above);
    enable_all(above);
    cgroups->directory = mem_printf("%s/" ASIDE_NAME, above, (int)getpid());
    if (make(cgroups->directory, err) < 0)
        return -1;
    cgroups->is_aside = true;
    enable_all(cgroups->directory);
    return 0;
}

static int move_below(const char *own, struct err *err)
{
    char *leaf = mem_printf("%s/" OWN_NAME, own);
    int result = make(leaf, err);
    if (result == 0 && move_all(own, leaf) < 0)
        result = err_errno(err, errno, "cannot move processes from the cgroup %s to %s", own, leaf);
    free(leaf);
    return result;
}

/* The group may be that of a session, with a shell in it, which has not been given to us. */
static int set_up_in(struct cgroups *cgroups, const char *own, struct err *err)
{
    pid_t stranger = find_stranger(own);
    if (stranger >= 0)
        return err_set(
            err, ERR_INVALID,
            "the cgroup %s is not musterd's alone, process %d is in it; start musterd as a "
            "unit of systemd with Delegate=yes",
            own, (int)stranger);
    if (move_below(own, err) < 0)
        return -1;
    cgroups->directory = mem_strdup(own);
    enable_all(own);
    return 0;
}

/* After an upgrade we are there already. */
static bool take_up(struct cgroups *cgroups, const char *own)
{
    const char *name = strrchr(own, '/');
    if (!name || strcmp(name + 1, OWN_NAME) != 0)
        return false;
    cgroups->directory = mem_strndup(own, (size_t)(name - own));
    enable_all(cgroups->directory);
    return true;
}

static int choose(struct cgroups *cgroups, const char *own, struct err *err)
{
    if (!has_controller(own, "cgroup.controllers", "memory") &&
        !has_controller(own, "cgroup.controllers", "cpu"))
        return err_set(err, ERR_NOT_FOUND,
                       "the cgroup %s has neither the memory nor the cpu controller", own);
    if (is_root(own))
        return set_up_aside(cgroups, own, err);
    return take_up(cgroups, own) ? 0 : set_up_in(cgroups, own, err);
}

static int set_up(struct cgroups *cgroups, struct err *err)
{
    const char *named = getenv("MUSTER_CGROUP");
    if (named && named[0])
        return set_up_aside(cgroups, named, err);
    char *own = cgroup_directory(getpid(), err);
    int result = own ? choose(cgroups, own, err) : -1;
    free(own);
    return result;
}

void cgroups_prepare(struct cgroups *cgroups)
{
    struct err err = ERR_INIT;
    if (cgroups->is_tried)
        return;
    cgroups->is_tried = true;
    if (set_up(cgroups, &err) < 0) {
        free(cgroups->directory);
        cgroups->directory = NULL;
        cgroups->why_not = mem_strdup(err.text);
        log_write(LOG_INFO, "programs get no cgroups: %s", err.text);
        return;
    }
    cgroups->has_memory = has_controller(cgroups->directory, "cgroup.subtree_control", "memory");
    cgroups->has_cpu = has_controller(cgroups->directory, "cgroup.subtree_control", "cpu");
    if (!cgroups->has_memory || !cgroups->has_cpu)
        cgroups->why_not = mem_printf("the cgroup %s does not have the controller or may not pass "
                                      "it on",
                                      cgroups->directory);
    log_write(LOG_INFO, "programs with limits get cgroups below %s (memory: %s, cpu: %s)",
              cgroups->directory, cgroups->has_memory ? "yes" : "no",
              cgroups->has_cpu ? "yes" : "no");
}

void cgroups_open(const char *directory)
{
    cgroup_write(directory, "cgroup.subtree_control", "-memory");
    cgroup_write(directory, "cgroup.subtree_control", "-cpu");
}

void cgroups_finish(struct cgroups *cgroups)
{
    if (cgroups->directory)
        remove_empty(cgroups->directory);
    if (cgroups->is_aside)
        rmdir(cgroups->directory);
    free(cgroups->directory);
    free(cgroups->why_not);
    *cgroups = (struct cgroups){0};
}
