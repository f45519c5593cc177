/* SPDX-License-Identifier: MIT */
/*
 * A program that is supervised in a benchmark.
 *
 *     bench-program pause                   does nothing
 *     bench-program stamp FIFO              says there when it was started (CLOCK_MONOTONIC, ns), does nothing
 *     bench-program lines A-SECOND BYTES    writes lines of so many bytes
 *     bench-program flood FIFO BYTES        says when it begins, writes so many in pieces of 64 KiB, does nothing
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE  65536
#define SECOND 1000000000L

static void stamp(const char *fifo)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int fd = open(fifo, O_WRONLY | O_CLOEXEC);
    dprintf(fd, "%d %lld\n", (int)getpid(), (long long)now.tv_sec * SECOND + now.tv_nsec);
    close(fd);
}

static void write_all(const char *bytes, size_t length)
{
    for (size_t put = 0; put < length;) {
        ssize_t written = write(STDOUT_FILENO, bytes + put, length - put);
        if (written < 0)
            exit(1);
        put += (size_t)written;
    }
}

static void lines(long a_second, size_t length)
{
    static char line[PIECE];
    struct timespec next;
    memset(line, 'x', length - 1);
    line[length - 1] = '\n';
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        next.tv_nsec += SECOND / a_second;
        next.tv_sec += next.tv_nsec / SECOND;
        next.tv_nsec %= SECOND;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        write_all(line, length);
    }
}

static void flood(long long bytes)
{
    static char piece[PIECE];
    memset(piece, 'x', sizeof piece);
    for (; bytes > 0; bytes -= PIECE)
        write_all(piece, bytes < PIECE ? (size_t)bytes : PIECE);
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    if (strcmp(kind, "lines") == 0 && argc == 4)
        lines(atol(argv[2]), (size_t)atol(argv[3]));
    if ((strcmp(kind, "stamp") == 0 && argc == 3) || (strcmp(kind, "flood") == 0 && argc == 4))
        stamp(argv[2]);
    if (strcmp(kind, "flood") == 0 && argc == 4)
        flood(atoll(argv[3]));
    for (;;)
        pause();
}
