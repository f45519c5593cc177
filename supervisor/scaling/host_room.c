/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/host_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define FILE_MAX 65536
#define UNKNOWN  (-1.)

/* The number behind a word in a file of /proc; behind an empty word the first one. */
static double number_behind(const char *path, const char *word)
{
    char *text;
    size_t length;
    if (fd_read_file(path, FILE_MAX, &text, &length, NULL) < 0)
        return UNKNOWN;
    const char *found = strstr(text, word);
    char *end = NULL;
    double value = found ? strtod(found + strlen(word), &end) : UNKNOWN;
    if (found && end == found + strlen(word))
        value = UNKNOWN;
    free(text);
    return value;
}

static double memory_in_use(void)
{
    double total = number_behind("/proc/meminfo", "MemTotal:");
    double available = number_behind("/proc/meminfo", "MemAvailable:");
    return total > 0 && available >= 0 ? 100 * (1 - available / total) : UNKNOWN;
}

double host_room_cgroup(const char *directory)
{
    char *max = mem_printf("%s/memory.max", directory);
    char *current = mem_printf("%s/memory.current", directory);
    char *stat = mem_printf("%s/memory.stat", directory);
    double most = number_behind(max, ""), used = number_behind(current, "");
    double cached = number_behind(stat, "\ninactive_file ");
    free(max);
    free(current);
    free(stat);
    if (most <= 0 || used < 0)
        return UNKNOWN;
    used -= cached > 0 ? cached : 0;
    return used > 0 ? 100 * used / most : 0;
}

/* Of this process, under version 2; what it may have is often less than what the host has. */
static double cgroup_in_use(void)
{
    char *text;
    size_t length;
    if (fd_read_file("/proc/self/cgroup", FILE_MAX, &text, &length, NULL) < 0)
        return UNKNOWN;
    const char *path = strncmp(text, "0::/", 4) == 0 ? text + 3 : NULL;
    char *directory = path ? mem_printf("/sys/fs/cgroup%.*s", (int)strcspn(path, "\n"), path) : NULL;
    double used = directory ? host_room_cgroup(directory) : UNKNOWN;
    free(directory);
    free(text);
    return used;
}

static double fuller(double one, double other)
{
    return one > other ? one : other;
}

static double load_a_processor(void)
{
    double load = number_behind("/proc/loadavg", "");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return load >= 0 && processors > 0 ? load / (double)processors : UNKNOWN;
}

void host_room_read(struct host_figures *figures)
{
    *figures = (struct host_figures){
        .memory = fuller(memory_in_use(), cgroup_in_use()),
        .load = load_a_processor(),
        .pressure = number_behind("/proc/pressure/memory", "some avg10="),
    };
}
