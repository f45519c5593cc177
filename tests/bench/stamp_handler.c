/* SPDX-License-Identifier: MIT */
/*
 * Appends to the file $STAMPS how many microseconds after its stamp each job has come to its
 * handler: as a persistent handler for each that it is given, and with --exec for the one on
 * standard input.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(int out, const char *line, int64_t now)
{
    const char *stamp = strstr(line, "\"stamp\":");
    if (stamp)
        dprintf(out, "%" PRId64 "\n",
                now - (int64_t)strtoll(stamp + strlen("\"stamp\":"), NULL, 10));
}

static void answer(const char *line)
{
    const char *uuid = strstr(line, "\"uuid\":\"");
    if (uuid)
        dprintf(4, "{\"type\":\"done\",\"uuid\":\"%.21s\"}\n", uuid + strlen("\"uuid\":\""));
    else if (strstr(line, "\"ping\""))
        dprintf(4, "{\"type\":\"pong\"}\n");
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t size = 0;
    bool is_exec = argc > 1 && strcmp(argv[1], "--exec") == 0;
    int out = open(getenv("STAMPS"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    FILE *in = is_exec ? stdin : fdopen(3, "r");
    if (out < 0 || !in)
        return 1;
    if (!is_exec)
        dprintf(4, "{\"type\":\"hello\",\"version\":1}\n");
    while (getline(&line, &size, in) > 0 && !strstr(line, "\"type\":\"drain\"")) {
        int64_t now = now_us();
        if (!is_exec)
            answer(line);
        note(out, line, now);
    }
    free(line);
    fclose(in);
    return 0;
}
