/* SPDX-License-Identifier: MIT */
#include "supervisor/launch.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/spawn_path.h"
#include "supervisor/snapshot.h"

/* The descriptors' numbers in the child; the last is a worker's board, or the maintenance process's
 * calls. */
enum { CHILD_SETTINGS = 3, CHILD_CHANNEL_IN, CHILD_CHANNEL_OUT, CHILD_OWN };

#define ARGUMENTS_MAX 10

char *launch_find_program(void)
{
    return spawn_find_own_program("muster-worker", "MUSTER_WORKER", MUSTER_LIBEXECDIR);
}

/* Fills argv (room for ARGUMENTS_MAX and NULL) with texts that the caller frees. */
static void put_arguments(const struct launch *launch, char **argv)
{
    *argv++ = mem_strdup(launch->program);
    *argv++ = launch->queue ? mem_printf("--queue=%s", launch->queue) : mem_strdup("--maintenance");
    if (launch->queue) {
        *argv++ = mem_printf("--id=%s", launch->id);
        *argv++ = mem_printf("--board-fd=%d", CHILD_OWN);
    } else {
        *argv++ = mem_printf("--calls-fd=%d", CHILD_OWN);
    }
    *argv++ = mem_printf("--generation=%u", launch->generation);
    *argv++ = mem_printf("--settings-fd=%d", CHILD_SETTINGS);
    *argv++ = mem_printf("--channel-in=%d", CHILD_CHANNEL_IN);
    *argv++ = mem_printf("--channel-out=%d", CHILD_CHANNEL_OUT);
    *argv = NULL;
}

static int start(const struct launch *launch, char *const *argv, int settings_fd,
                 struct spawn_child *child, struct err *err)
{
    const struct spawn_fd fds[] = {
        {STDERR_FILENO, STDERR_FILENO},
        {settings_fd, CHILD_SETTINGS},
        {launch->channel_in, CHILD_CHANNEL_IN},
        {launch->channel_out, CHILD_CHANNEL_OUT},
        {launch->queue ? launch->board_fd : launch->calls_fd, CHILD_OWN},
    };
    const struct spawn_request request = {
        .argv = argv,
        .fds = fds,
        .fd_count = sizeof fds / sizeof fds[0],
        .new_group = true,
        .subreaper = true,
    };
    return spawn_start(&request, child, err);
}

int launch_start(const struct launch *launch, struct spawn_child *child, struct err *err)
{
    int settings_fd = snapshot_open(launch->snapshot, err);
    if (settings_fd < 0)
        return -1;
    char *argv[ARGUMENTS_MAX + 1];
    put_arguments(launch, argv);
    int result = start(launch, argv, settings_fd, child, err);
    for (char **argument = argv; *argument; argument++)
        free(*argument);
    fd_close(&settings_fd);
    return result;
}
