/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "worker/maintenance.h"
#include "worker/worker.h"

/*
 * muster-worker: what musterd starts for each worker, and once for the maintenance of the stores.
 * People use `muster queue:work`.
 */
#define SETTINGS_MAX (64u << 20) /* bytes of a snapshot */

enum { EXIT_WELL = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2 };

struct arguments {
    const char *queue;
    const char *id;
    bool is_maintenance;
    long long generation;
    long long settings_fd, board_fd, calls_fd, channel_in, channel_out; /* -1 where there is none */
};

enum option_number {
    OPTION_QUEUE = 1,
    OPTION_ID,
    OPTION_MAINTENANCE,
    OPTION_VERSION,
    OPTION_GENERATION,
    OPTION_SETTINGS,
    OPTION_BOARD,
    OPTION_CALLS,
    OPTION_IN,
    OPTION_OUT,
};

static const struct option options[] = {
    {"queue", required_argument, NULL, OPTION_QUEUE},
    {"id", required_argument, NULL, OPTION_ID},
    {"maintenance", no_argument, NULL, OPTION_MAINTENANCE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"generation", required_argument, NULL, OPTION_GENERATION},
    {"settings-fd", required_argument, NULL, OPTION_SETTINGS},
    {"board-fd", required_argument, NULL, OPTION_BOARD},
    {"calls-fd", required_argument, NULL, OPTION_CALLS},
    {"channel-in", required_argument, NULL, OPTION_IN},
    {"channel-out", required_argument, NULL, OPTION_OUT},
    {0},
};

static int take_number(const char *name, const char *text, long long max, long long *out,
                       struct err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end || value < 0 || value > max)
        return err_set(err, ERR_INVALID, "--%s: \"%s\" is not a number from 0 to %lld", name, text,
                       max);
    *out = value;
    return 0;
}

/* A descriptor that we inherited: no handler inherits it from us. */
static int take_descriptor(const char *name, const char *text, long long *out, struct err *err)
{
    if (take_number(name, text, INT32_MAX, out, err) < 0)
        return -1;
    if (fcntl((int)*out, F_SETFD, FD_CLOEXEC) < 0)
        return err_errno(err, errno, "--%s: descriptor %lld", name, *out);
    return 0;
}

static int take_option(struct arguments *arguments, int number, const char *name, struct err *err)
{
    switch (number) {
    case OPTION_QUEUE:
        arguments->queue = optarg;
        return 0;
    case OPTION_ID:
        arguments->id = optarg;
        return 0;
    case OPTION_MAINTENANCE:
        arguments->is_maintenance = true;
        return 0;
    case OPTION_GENERATION:
        return take_number(name, optarg, UINT32_MAX, &arguments->generation, err);
    case OPTION_SETTINGS:
        return take_descriptor(name, optarg, &arguments->settings_fd, err);
    case OPTION_BOARD:
        return take_descriptor(name, optarg, &arguments->board_fd, err);
    case OPTION_CALLS:
        return take_descriptor(name, optarg, &arguments->calls_fd, err);
    case OPTION_IN:
        return take_descriptor(name, optarg, &arguments->channel_in, err);
    case OPTION_OUT:
        return take_descriptor(name, optarg, &arguments->channel_out, err);
    default:
        return err_set(err, ERR_INVALID,
                       "it is started by musterd; people use `muster queue:work`");
    }
}

static int check_arguments(const struct arguments *arguments, struct err *err)
{
    if (arguments->is_maintenance == (arguments->queue != NULL))
        return err_set(err, ERR_INVALID, "either --queue=NAME or --maintenance is needed");
    if (arguments->settings_fd < 0)
        return err_set(err, ERR_INVALID, "--settings-fd is needed");
    if (arguments->channel_in < 0 || arguments->channel_out < 0)
        return err_set(err, ERR_INVALID, "--channel-in and --channel-out are needed");
    if (!arguments->queue)
        return 0;
    if (!arguments->id || !*arguments->id || strlen(arguments->id) >= OWNER_SIZE)
        return err_set(err, ERR_INVALID, "--id of 1 to %d bytes is needed", OWNER_SIZE - 1);
    return 0;
}

static int parse_arguments(struct arguments *arguments, int argc, char **argv, struct err *err)
{
    *arguments = (struct arguments){
        .settings_fd = -1, .board_fd = -1, .calls_fd = -1, .channel_in = -1, .channel_out = -1};
    int number, index = 0;
    while ((number = getopt_long(argc, argv, "", options, &index)) != -1) {
        if (number == OPTION_VERSION) {
            printf("muster-worker %s\n", MUSTER_VERSION);
            exit(EXIT_WELL);
        }
        if (take_option(arguments, number, options[index].name, err) < 0)
            return -1;
    }
    return check_arguments(arguments, err);
}

/* The snapshot of the master, read from its beginning whatever others have read of it. */
static struct settings *read_settings(int fd, struct err *err)
{
    char *text;
    size_t length;
    char *path = mem_printf("/proc/self/fd/%d", fd);
    int result = fd_read_file(path, SETTINGS_MAX, &text, &length, err);
    free(path);
    if (result < 0)
        return NULL;
    struct settings *settings = settings_parse("the settings of musterd", text, length, err);
    free(text);
    return settings;
}

static int start_log(const struct settings *settings, const char *queue, struct err *err)
{
    char *process = queue ? mem_printf("worker %s", queue) : mem_strdup("maintenance");
    const struct log_options log = {
        .level = (enum log_level)settings->muster.log_level,
        .format = (enum log_format)settings->muster.log_format,
        .path = settings->muster.logfile,
        .process = process,
    };
    int result = log_open(&log, err);
    free(process);
    return result;
}

static int work(const struct arguments *arguments, const struct settings *settings, struct err *err)
{
    struct queue_settings queue = {0};
    settings_queue_or_default(settings, arguments->queue, &queue);
    const struct worker_plan plan = {
        .settings = settings,
        .queue = &queue,
        .id = arguments->id,
        .channel_in = (int)arguments->channel_in,
        .channel_out = (int)arguments->channel_out,
        .generation = (uint32_t)arguments->generation,
        .board_fd = (int)arguments->board_fd,
    };
    enum worker_end end = worker_run(&plan, err);
    settings_queue_finish(&queue);
    return end == WORKER_BROKEN ? -1 : 0;
}

static int maintain(const struct arguments *arguments, const struct settings *settings,
                    struct err *err)
{
    const struct maintenance_plan plan = {
        .settings = settings,
        .clock = &clock_system,
        .channel_in = (int)arguments->channel_in,
        .channel_out = (int)arguments->channel_out,
        .calls_fd = (int)arguments->calls_fd,
        .generation = (uint32_t)arguments->generation,
    };
    return maintenance_run(&plan, err);
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct settings *settings = read_settings((int)arguments->settings_fd, err);
    int result = settings ? start_log(settings, arguments->queue, err) : -1;
    if (result == 0)
        result = arguments->is_maintenance ? maintain(arguments, settings, err)
                                           : work(arguments, settings, err);
    settings_destroy(settings);
    return result;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct arguments arguments;
    if (parse_arguments(&arguments, argc, argv, &err) < 0) {
        fprintf(stderr, "muster-worker: %s\n", err.text);
        return EXIT_USAGE;
    }
    int result = run(&arguments, &err);
    if (result < 0)
        log_write(LOG_CRITICAL, "%s", err.text);
    log_close();
    return result < 0 ? EXIT_BROKEN : EXIT_WELL;
}
