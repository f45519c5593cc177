/* SPDX-License-Identifier: MIT */

/* Loaded into programs before the C library: where the file $FULL_DISK exists, what is written to files whose names
 * begin with $FULL_DISK_FILES finds no room. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static bool is_full(int fd)
{
    const char *flag = getenv("FULL_DISK"), *files = getenv("FULL_DISK_FILES");
    char link[64], name[4096];
    if (!flag || !files || access(flag, F_OK) != 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    return length >= (ssize_t)strlen(files) && strncmp(name, files, strlen(files)) == 0;
}

/* Defines a function that fails on a full disk, and otherwise does what it does. */
#define WRAP(type, name, parameters, arguments)                                                    \
    __attribute__((visibility("default"))) type name parameters;                                   \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (!real)                                                                                 \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        if (!is_full(fd))                                                                          \
            return real arguments;                                                                 \
        errno = ENOSPC;                                                                            \
        return -1;                                                                                 \
    }

WRAP(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t offset),
     (fd, bytes, count, offset))
