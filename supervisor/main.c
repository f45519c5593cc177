/* SPDX-License-Identifier: MIT */

/* musterd: reads the configuration, makes sure that it is the only one, and is the master until it
 * is told to stop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/path.h"
#include "supervisor/daemon.h"
#include "supervisor/daemon_settings.h"
#include "supervisor/main_log.h"
#include "supervisor/master.h"
#include "supervisor/options.h"
#include "supervisor/pidfile.h"

#define EXIT_USAGE 2

static int fail(const struct err *err)
{
    log_write(LOG_CRITICAL, "%s", err->text);
    return err_exit_code(err);
}

static int check(const struct settings *settings)
{
    printf("%s: valid; connections: %zu, queues: %zu\n",
           settings->file[0] ? settings->file : "no file, the defaults", settings->connection_count,
           settings->queue_count);
    return 0;
}

/* Is the master, with the pid file held. started is for daemon_ready; *again is set where it is to
 * begin anew. */
static int run_master(struct settings *settings, const char *config, int *started, bool *again,
                      struct err *err)
{
    struct master master;
    int result = master_init(&master, settings, config, err);
    if (result == 0)
        result = master_take_errors(&master, err);
    if (result == 0) {
        daemon_ready(started);
        master_run(&master);
        *again = master.starts_over;
        if (master.has_failed)
            result = err_set(err, ERR_SYSTEM, "a program is FATAL, and exit_on_fatal is set");
    }
    master_finish(&master);
    return result;
}

static int run_once(struct settings *settings, const char *config, int *started, bool *again,
                    struct err *err)
{
    struct pidfile pidfile;
    int result = pidfile_take(&pidfile, settings->muster.pidfile, err);
    *again = false;
    if (result == 0)
        result = run_master(settings, config, started, again, err);
    else
        settings_destroy(settings);
    pidfile_release(&pidfile);
    return result;
}

/* The settings, with what the command line puts over them. NULL with err. */
static struct settings *load(const struct daemon_options *options, const char *config,
                             struct err *err)
{
    struct settings *settings = settings_load(config, err);
    if (settings &&
        daemon_settings_override(settings, options->overrides, options->override_count, err) < 0) {
        settings_destroy(settings);
        settings = NULL;
    }
    return settings;
}

/* supervisord goes to the background, unless it is told to stay. */
static bool is_background(const struct daemon_options *options, const struct settings *settings)
{
    if (options->is_supervisord)
        return !settings->supervisor.daemon.nodaemon;
    return options->task == TASK_BACKGROUND;
}

/* Takes the settings over. */
static int begin(struct settings *settings, bool background, int *started, struct err *err)
{
    if (daemon_settings_apply(settings, background, err) == 0 &&
        main_log_open(settings, background, err) == 0 &&
        (!background || (*started = daemon_fork(err)) >= 0))
        return 0;
    settings_destroy(settings);
    return -1;
}

static int run(struct settings *settings, const struct daemon_options *options, const char *config,
               struct err *err)
{
    int started = -1;
    bool background = is_background(options, settings), again;
    if (begin(settings, background, &started, err) < 0)
        return -1;
    while (run_once(settings, config, &started, &again, err) == 0) {
        if (!again)
            return 0;
        settings = load(options, config, err);
        if (!settings || main_log_open(settings, background, err) < 0) {
            settings_destroy(settings);
            return -1;
        }
    }
    return -1;
}

static int start(const struct daemon_options *options, const char *config)
{
    struct err err = ERR_INIT;
    struct settings *settings = load(options, config, &err);
    if (!settings)
        return fail(&err);
    for (size_t i = 0; i < settings->warning_count; i++)
        log_write(LOG_WARN, "%s", settings->warnings[i]);
    int status = 0;
    if (options->task == TASK_CHECK) {
        status = check(settings);
        settings_destroy(settings);
    } else if (run(settings, options, config, &err) < 0) {
        status = fail(&err);
    }
    log_close();
    return status;
}

/* supervisord's version is a number that its tools read. */
static void print_version(const struct daemon_options *options)
{
    puts(options->is_supervisord ? "4.2.5" : "musterd " MUSTER_VERSION);
}

int main(int argc, char **argv)
{
    struct daemon_options options;
    if (daemon_options_read(&options, argc, argv) < 0) {
        fputs("--help lists the options\n", stderr);
        return EXIT_USAGE;
    }
    if (options.task == TASK_HELP)
        daemon_options_print_help(&options);
    if (options.task == TASK_VERSION)
        print_version(&options);
    if (options.task == TASK_HELP || options.task == TASK_VERSION)
        return 0;
    char *found = options.config ? NULL : daemon_options_find_file(&options);
    const char *named = options.config ? options.config : found;
    char *config = named ? path_absolute(named) : NULL;
    int status = start(&options, config);
    free(config);
    free(found);
    return status;
}
