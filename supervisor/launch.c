/* SPDX-License-Identifier: MIT */
#include "supervisor/launch.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/path.h"
#include "supervisor/snapshot.h"

#define WORKER_NAME "muster-worker"

/* The descriptors' numbers in the child. */
enum { CHILD_SETTINGS = 3, CHILD_CHANNEL_IN, CHILD_CHANNEL_OUT, CHILD_BOARD };

#define ARGUMENTS_MAX 10

static char *beside_this_program(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    char *directory = path_directory(path);
    char *program = mem_printf("%s/" WORKER_NAME, directory);
    free(directory);
    if (access(program, X_OK) == 0)
        return program;
    free(program);
    return NULL;
}

char *launch_find_program(void)
{
    const char *given = getenv("MUSTER_WORKER");
    if (given && given[0])
        return mem_strdup(given);
    char *program = beside_this_program();
    return program ? program : mem_strdup(MUSTER_LIBEXECDIR "/" WORKER_NAME);
}

/* Fills argv (room for ARGUMENTS_MAX and NULL) with texts that the caller frees. */
static void put_arguments(const struct launch *launch, char **argv)
{
    *argv++ = mem_strdup(launch->program);
    *argv++ = launch->queue ? mem_printf("--queue=%s", launch->queue) : mem_strdup("--maintenance");
    if (launch->queue) {
        *argv++ = mem_printf("--id=%s", launch->id);
        *argv++ = mem_printf("--board-fd=%d", CHILD_BOARD);
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
        {STDERR_FILENO, STDERR_FILENO},         {settings_fd, CHILD_SETTINGS},
        {launch->channel_in, CHILD_CHANNEL_IN}, {launch->channel_out, CHILD_CHANNEL_OUT},
        {launch->board_fd, CHILD_BOARD}, /* last: the maintenance process has none */
    };
    const struct spawn_request request = {
        .argv = argv,
        .fds = fds,
        .fd_count = launch->queue ? 5 : 4,
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
