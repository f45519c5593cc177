/* SPDX-License-Identifier: MIT */
/*
 * The fastest handler that there can be: it answers every job with done. What a queue does with it
 * is the cost of Muster alone. It is also the handler protocol (docs/protocol.md) in C, without a
 * library.
 *
 *     noop-handler [WINDOW [MICROSECONDS]]    a job takes so long; it is busy all the time
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FROM_MUSTER 3
#define TO_MUSTER   4
#define FRAME_MAX   (16u << 20)
#define OUT_SIZE    65536
#define ANSWER_MAX  256 /* of one answer, with a uuid that is all escapes */

static char *in;
static size_t in_size, in_length;
static char out[OUT_SIZE];
static size_t out_length;
static long job_us;

static void flush_out(void)
{
    for (size_t put = 0; put < out_length;) {
        ssize_t wrote = write(TO_MUSTER, out + put, out_length - put);
        if (wrote < 0 && errno != EINTR)
            exit(1); /* nobody is there to be told */
        put += wrote > 0 ? (size_t)wrote : 0;
    }
    out_length = 0;
}

static void put(const char *text, size_t length)
{
    memcpy(out + out_length, text, length);
    out_length += length;
}

#define PUT(literal) put(literal, sizeof(literal) - 1)

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void work(void)
{
    for (double end = job_us > 0 ? now_us() + (double)job_us : 0; job_us > 0 && now_us() < end;)
        ;
}

#define JOB_BEGINNING "{\"type\":\"job\",\"uuid\":\""

/* The uuid goes back as it came, escapes and all. */
static void answer_job(const char *line, const char *end)
{
    const char *uuid = line + sizeof(JOB_BEGINNING) - 1, *at = uuid;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    work();
    PUT("{\"type\":\"done\",\"uuid\":\"");
    put(uuid, (size_t)(at - uuid));
    PUT("\"}\n");
}

static int begins_with(const char *line, const char *end, const char *beginning)
{
    size_t length = strlen(beginning);
    return (size_t)(end - line) >= length && memcmp(line, beginning, length) == 0;
}

static void take(const char *line, const char *end)
{
    if (OUT_SIZE - out_length < ANSWER_MAX)
        flush_out();
    if (begins_with(line, end, JOB_BEGINNING))
        answer_job(line, end);
    else if (begins_with(line, end, "{\"type\":\"ping\""))
        PUT("{\"type\":\"pong\"}\n");
}

/* Takes all whole lines that are there, and keeps the rest. */
static void take_lines(void)
{
    char *line = in, *end = in + in_length, *stop;
    while ((stop = memchr(line, '\n', (size_t)(end - line)))) {
        take(line, stop);
        line = stop + 1;
    }
    in_length = (size_t)(end - line);
    memmove(in, line, in_length);
}

static void make_room(void)
{
    if (in_length < in_size)
        return;
    in_size = in_size ? in_size * 2 : OUT_SIZE;
    in = in_size <= 2 * FRAME_MAX ? realloc(in, in_size) : NULL;
    if (!in) {
        fprintf(stderr, "noop-handler: a line is too long\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    char hello[128];
    int window = argc > 1 ? atoi(argv[1]) : 256;
    job_us = argc > 2 ? atol(argv[2]) : 0;
    snprintf(hello, sizeof hello,
             "{\"type\":\"hello\",\"version\":1,\"name\":\"noop\",\"window\":%d}\n", window);
    put(hello, strlen(hello));
    for (;;) {
        flush_out();
        make_room();
        ssize_t got = read(FROM_MUSTER, in + in_length, in_size - in_length);
        if (got == 0)
            return 0; /* no more jobs come, and all are answered */
        if (got < 0 && errno != EINTR)
            return 1;
        in_length += got > 0 ? (size_t)got : 0;
        take_lines();
    }
}
