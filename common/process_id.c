/* SPDX-License-Identifier: MIT */
#include "common/process_id.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"

#define STAT_MAX 4096

const char *process_after_name(const char *text)
{
    const char *end = strrchr(text, ')');
    return end ? end + 1 : NULL;
}

int64_t process_parse_start_time(const char *text)
{
    int64_t ticks;
    const char *rest = process_after_name(text);
    if (!rest || sscanf(rest,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                        "%*d %*d %" SCNd64,
                        &ticks) != 1)
        return -1;
    return ticks;
}

/* Malloc'd; NULL where there is no such process. */
static char *read_stat(pid_t pid)
{
    char path[64], *text;
    size_t length;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return fd_read_file(path, STAT_MAX, &text, &length, NULL) < 0 ? NULL : text;
}

int64_t process_start_time(pid_t pid)
{
    char *text = read_stat(pid);
    int64_t ticks = text ? process_parse_start_time(text) : -1;
    free(text);
    return ticks;
}

pid_t process_parent(pid_t pid)
{
    char *text = read_stat(pid);
    const char *rest = text ? process_after_name(text) : NULL;
    int parent = 0;
    if (!rest || sscanf(rest, " %*c %d", &parent) != 1)
        parent = 0;
    free(text);
    return parent;
}

/* The descriptor comes first: what is read then, is of the process that it stands for, or this one
 * has ended by the time that it is asked. */
int process_find(pid_t pid, int64_t start_time)
{
    int pidfd = pid > 0 && start_time >= 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    if (pidfd >= 0 && (process_start_time(pid) != start_time || poll(&end, 1, 0) != 0))
        fd_close(&pidfd);
    return pidfd;
}
