/* SPDX-License-Identifier: MIT */
/*
 * What bare statements reach (floor.h), as jobs a second:
 *
 *     store-floor STORE PLACE push COUNT BATCH             one client
 *     store-floor STORE PLACE cycle COUNT BATCH CLIENTS    the jobs are there before the time is
 * taken
 */
#include "tests/bench/floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define FILL_BATCH 1000

static const struct floor_store *const stores[] = {&floor_redis, &floor_sqlite_full,
                                                   &floor_sqlite_normal, &floor_pgsql};

void floor_fail(const char *what, const char *why)
{
    fprintf(stderr, "store-floor: %s: %s\n", what, why);
    exit(1);
}

const char *floor_payload(void)
{
    static char payload[FLOOR_PAYLOAD + 1];
    memset(payload, 'x', FLOOR_PAYLOAD);
    return payload;
}

static double now_s(void)
{
    return (double)clock_monotonic_us(&clock_system) / 1e6;
}

static double push_all(const struct floor_store *kind, const char *place, size_t count,
                       size_t batch)
{
    void *store = kind->open(place);
    double before = now_s();
    for (size_t done = 0; done < count; done += batch)
        kind->push(store, (int64_t)done, count - done < batch ? count - done : batch);
    double seconds = now_s() - before;
    kind->close(store);
    return seconds;
}

static void cycle_all(void *store, const struct floor_store *kind, size_t batch)
{
    while (kind->cycle(store, batch) > 0)
        ;
    kind->close(store);
}

/* Begins when start is closed, and says with a byte that it is ready. */
static pid_t start_client(const struct floor_store *kind, const char *place, size_t batch,
                          int start[2], int ready)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char byte = 0;
    close(start[1]);
    void *store = kind->open(place);
    if (write(ready, &byte, 1) != 1 || read(start[0], &byte, 1) != 0)
        _exit(1);
    cycle_all(store, kind, batch);
    _exit(0);
}

static double cycle_clients(const struct floor_store *kind, const char *place, size_t batch,
                            int clients)
{
    int start[2], ready[2], status;
    char byte;
    if (pipe(start) < 0 || pipe(ready) < 0)
        floor_fail("pipe", "none can be made");
    for (int i = 0; i < clients; i++)
        start_client(kind, place, batch, start, ready[1]);
    for (int i = 0; i < clients; i++)
        if (read(ready[0], &byte, 1) != 1)
            floor_fail("client", "it has ended");
    double before = now_s();
    close(start[1]);
    for (int i = 0; i < clients; i++)
        if (wait(&status) < 0 || status != 0)
            floor_fail("client", "it has failed");
    return now_s() - before;
}

int main(int argc, char **argv)
{
    const struct floor_store *kind = NULL;
    for (size_t i = 0; argc > 5 && i < sizeof stores / sizeof stores[0]; i++)
        if (strcmp(stores[i]->name, argv[1]) == 0)
            kind = stores[i];
    if (!kind)
        floor_fail("arguments", "STORE PLACE push|cycle COUNT BATCH [CLIENTS]");
    size_t count = strtoul(argv[4], NULL, 10), batch = strtoul(argv[5], NULL, 10);
    double seconds;
    if (strcmp(argv[3], "push") == 0) {
        seconds = push_all(kind, argv[2], count, batch);
    } else {
        push_all(kind, argv[2], count, FILL_BATCH);
        seconds = cycle_clients(kind, argv[2], batch, argc > 6 ? atoi(argv[6]) : 1);
    }
    printf("%.0f\n", (double)count / seconds);
    return 0;
}
