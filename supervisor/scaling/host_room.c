/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/host_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

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

static double load_a_processor(void)
{
    double load = number_behind("/proc/loadavg", "");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return load >= 0 && processors > 0 ? load / (double)processors : UNKNOWN;
}

void host_room_read(struct host_figures *figures)
{
    *figures = (struct host_figures){
        .memory = memory_in_use(),
        .load = load_a_processor(),
        .pressure = number_behind("/proc/pressure/memory", "some avg10="),
    };
}
