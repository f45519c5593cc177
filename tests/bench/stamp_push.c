/* SPDX-License-Identifier: MIT */
/*
 * Pushes jobs one by one in even steps, with the time at which each is due as its data:
 *
 *     stamp-push CONFIGURATION QUEUE COUNT JOBS-A-SECOND [DELAY-MS]
 *
 * Prints the microseconds that each push took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/settings.h"
#include "common/uuid.h"
#include "drivers/drivers.h"
#include "queue/queue.h"

static void wait_until(int64_t us)
{
    struct timespec at = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int push(struct queue_connection *connection, const char *queue, int64_t delay_ms,
                struct err *err)
{
    char data[64], uuid[UUID_SIZE];
    int64_t before = clock_monotonic_us(&clock_system);
    int length = snprintf(data, sizeof data, "{\"stamp\":%" PRId64 "}",
                          before + delay_ms * 1000);
    struct job job = {.queue = queue,
                      .name = "Stamp",
                      .delay_ms = delay_ms,
                      .data = {.text = data, .length = (size_t)length, .kind = JSON_OBJECT}};
    enum push_result pushed;
    if (queue_push(connection, &job, uuid, &pushed, err) < 0)
        return -1;
    printf("%" PRId64 "\n", clock_monotonic_us(&clock_system) - before);
    return 0;
}

static int run(struct queue_connection *connection, char **argv, struct err *err)
{
    int64_t delay_ms = argv[5] ? atoll(argv[5]) : 0;
    long count = atol(argv[3]), step_us = 1000000 / atol(argv[4]);
    int64_t at = clock_monotonic_us(&clock_system);
    for (long i = 0; i < count; i++) {
        wait_until(at += step_us);
        if (push(connection, argv[2], delay_ms, err) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct queue_connection connection = {0};
    struct settings *settings = argc == 5 || argc == 6 ? settings_load(argv[1], &err) : NULL;
    const struct connection_settings *where =
        settings ? settings_connection_of(settings, argv[2]) : NULL;
    const struct driver *driver = where ? drivers_find(where, &err) : NULL;
    int result = -1;
    if (driver && queue_connection_open(&connection, driver, where, &clock_system, &err) == 0)
        result = run(&connection, argv, &err);
    queue_connection_close(&connection);
    settings_destroy(settings);
    if (result < 0)
        fprintf(stderr, "stamp-push: %s\n", err.text);
    return result < 0;
}
