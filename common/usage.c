/* SPDX-License-Identifier: MIT */
#include "common/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/process_id.h"

/* Reads the beginning of a small file of /proc. Returns its length, or -1. */
__attribute__((format(printf, 3, 4))) static ssize_t read_proc(char *text, size_t size,
                                                               const char *format, ...)
{
    char path[64];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length;
}

int usage_parse_stat(const char *text, uint64_t page_size, uint64_t ticks_per_second,
                     struct usage *usage)
{
    uint64_t user, system, children_user, children_system;
    int64_t pages;
    const char *rest = process_after_name(text);
    if (!rest || sscanf(rest,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                        " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %*u %*u %" SCNd64,
                        &user, &system, &children_user, &children_system, &pages) != 5)
        return -1;
    uint64_t ticks = user + system + children_user + children_system;
    usage->cpu_us = ticks * 1000000 / ticks_per_second;
    usage->memory = pages > 0 ? (uint64_t)pages * page_size : 0;
    return 0;
}

static struct usage usage_of(pid_t pid)
{
    char text[1024];
    struct usage usage = {0};
    if (read_proc(text, sizeof text, "/proc/%d/stat", (int)pid) > 0)
        usage_parse_stat(text, (uint64_t)sysconf(_SC_PAGESIZE), (uint64_t)sysconf(_SC_CLK_TCK),
                         &usage);
    return usage;
}

/* The processes of a tree, parents first. */
struct tree {
    pid_t pids[USAGE_PROCESSES_MAX];
    size_t count;
};

static void add_children_of_thread(struct tree *tree, pid_t pid, const char *thread)
{
    char text[4096];
    char *at = text, *end;
    if (read_proc(text, sizeof text, "/proc/%d/task/%.20s/children", (int)pid, thread) <= 0)
        return;
    for (long child; (child = strtol(at, &end, 10)) > 0 && end != at; at = end)
        if (tree->count < USAGE_PROCESSES_MAX)
            tree->pids[tree->count++] = (pid_t)child;
}

static void add_children(struct tree *tree, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            add_children_of_thread(tree, pid, entry->d_name);
    closedir(directory);
}

static void find_tree(struct tree *tree, pid_t pid)
{
    tree->pids[0] = pid;
    tree->count = 1;
    for (size_t i = 0; i < tree->count; i++)
        add_children(tree, tree->pids[i]);
}

size_t usage_tree(pid_t pid, pid_t pids[USAGE_PROCESSES_MAX])
{
    struct tree tree;
    find_tree(&tree, pid);
    memcpy(pids, tree.pids, tree.count * sizeof *pids);
    return tree.count;
}

struct usage usage_of_tree(pid_t pid)
{
    struct tree tree;
    struct usage sum = {0};
    find_tree(&tree, pid);
    for (size_t i = 0; i < tree.count; i++) {
        struct usage usage = usage_of(tree.pids[i]);
        sum.memory += usage.memory;
        sum.cpu_us += usage.cpu_us;
    }
    return sum;
}

static uint64_t proportional_of(pid_t pid)
{
    char text[2048];
    uint64_t kilobytes;
    const char *line = NULL;
    if (read_proc(text, sizeof text, "/proc/%d/smaps_rollup", (int)pid) > 0)
        line = strstr(text, "\nPss:");
    if (!line || sscanf(line, "\nPss: %" SCNu64, &kilobytes) != 1)
        return usage_of(pid).memory;
    return kilobytes * 1024;
}

uint64_t usage_proportional(pid_t pid)
{
    struct tree tree;
    uint64_t sum = 0;
    find_tree(&tree, pid);
    for (size_t i = 0; i < tree.count; i++)
        sum += proportional_of(tree.pids[i]);
    return sum;
}

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static uint64_t cpu_of(int who)
{
    struct rusage usage;
    if (getrusage(who, &usage) < 0)
        return 0;
    return microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
}

struct usage usage_of_self(void)
{
    struct usage usage = usage_of(getpid());
    usage.cpu_us = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
    return usage;
}
