/* SPDX-License-Identifier: MIT */

/* musterd: reads the configuration, makes sure that it is the only one, and is the master until it
 * is told to stop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/footprint.h"
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

/* One run of the program, which may be of several masters one after the other. */
struct life {
    const struct daemon_options *options;
    const char *config;
    struct upgrade_origin origin;
    struct state_in *resumed; /* of the master that this process was; NULL: of none */
    int started;              /* for daemon_ready */
    int child_status;         /* where this process only waited for the one in the background */
};

/* Is the master, with the pid file held; *again is set where it is to begin anew. */
static int run_master(struct life *life, struct settings *settings, bool *again, struct err *err)
{
    struct master master;
    int result = master_init(&master, settings, life->config, life->resumed, err);
    if (result == 0)
        result = master_take_errors(&master, err);
    if (result == 0) {
        master.upgrade.origin = &life->origin;
        if (life->resumed)
            upgrade_settle();
        daemon_ready(&life->started);
        master_run(&master);
        *again = master.starts_over;
        if (master.has_failed)
            result = err_set(err, ERR_SYSTEM, "a program is FATAL, and exit_on_fatal is set");
        life->resumed = NULL;
    } else if (life->resumed) {
        log_write(LOG_CRITICAL, "%s", err->text);
        upgrade_go_back(life->origin.argv);
    }
    master_finish(&master);
    return result;
}

static int take_pidfile(const struct life *life, struct pidfile *pidfile, const char *path,
                        struct err *err)
{
    int held = life->resumed ? state_take_fd(life->resumed, json_get(life->resumed->root, "origin"),
                                             "pidfile")
                             : -1;
    if (held < 0)
        return pidfile_take(pidfile, path, err);
    pidfile_resume(pidfile, path, held);
    return 0;
}

static int run_once(struct life *life, struct settings *settings, bool *again, struct err *err)
{
    struct pidfile pidfile;
    int result = take_pidfile(life, &pidfile, settings->muster.pidfile, err);
    *again = false;
    life->origin.pidfile = pidfile.fd;
    if (result == 0)
        result = run_master(life, settings, again, err);
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

/* Takes the settings over where it returns 0: this process is the one that goes on. Returns 1 where
 * another one is, in the background, and -1 with err. One that was resumed is there already. */
static int begin(struct life *life, struct settings *settings, struct err *err)
{
    bool background = life->origin.background;
    int result = daemon_settings_apply(settings, background, err);
    if (result == 0)
        result = main_log_open(settings, background, err);
    if (result == 0 && background && !life->resumed)
        result = daemon_fork(&life->started, &life->child_status, err);
    if (result != 0)
        settings_destroy(settings);
    return result;
}

/* Returns the exit status, or -1 with err. */
static int run(struct life *life, struct settings *settings, struct err *err)
{
    bool again;
    int begun = begin(life, settings, err);
    if (begun != 0)
        return begun > 0 ? life->child_status : -1;
    while (run_once(life, settings, &again, err) == 0) {
        if (!again)
            return 0;
        settings = load(life->options, life->config, err);
        if (!settings || main_log_open(settings, life->origin.background, err) < 0) {
            settings_destroy(settings);
            return -1;
        }
    }
    return -1;
}

/* Who goes on has children to look after: what is wrong with the file can be mended, and is waited
 * for where the former program cannot go on either. */
static struct settings *load_first(const struct life *life, struct err *err)
{
    struct settings *settings;
    while (!(settings = load(life->options, life->config, err)) && life->resumed) {
        fail(err);
        upgrade_go_back(life->origin.argv);
        *err = (struct err)ERR_INIT;
        sleep(1);
    }
    return settings;
}

static bool goes_to_background(const struct life *life, const struct settings *settings)
{
    if (!life->resumed)
        return is_background(life->options, settings);
    return json_get_bool(json_get(life->resumed->root, "origin"), "background", false);
}

static int start(struct life *life)
{
    struct err err = ERR_INIT;
    if (life->resumed)
        daemon_resume_errors(
            state_take_fd(life->resumed, json_get(life->resumed->root, "origin"), "errors"));
    struct settings *settings = load_first(life, &err);
    if (!settings)
        return fail(&err);
    for (size_t i = 0; i < settings->warning_count; i++)
        log_write(LOG_WARN, "%s", settings->warnings[i]);
    int status = 0;
    life->origin.background = goes_to_background(life, settings);
    if (life->options->task == TASK_CHECK || life->options->task == TASK_CHECK_STATE) {
        status = check(settings);
        settings_destroy(settings);
    } else if ((status = run(life, settings, &err)) < 0) {
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

/* What was handed over names its file as it was named there, from where that was. */
static char *find_config(const struct daemon_options *options, const struct state_in *state)
{
    const char *kept = json_get_string(json_get(state->root, "origin"), "config", NULL);
    char *found = kept || options->config ? NULL : daemon_options_find_file(options);
    const char *named = kept ? kept : options->config ? options->config : found;
    char *config = named ? path_absolute(named) : NULL;
    free(found);
    return config;
}

/* By that name nobody expects the queue that there is without a file. */
static int no_file(void)
{
    fputs("supervisord: no supervisord.conf in the directory above that of the program, here, in "
          "etc, "
          "/etc or /etc/supervisor; write -c FILE\n",
          stderr);
    return EXIT_USAGE;
}

static int live(const struct daemon_options *options, char **argv, struct state_in *state,
                bool is_resumed)
{
    char *config = find_config(options, state);
    if (!config && options->is_supervisord)
        return no_file();
    char *program = upgrade_own_program();
    struct life life = {
        .options = options,
        .config = config,
        .origin = {.argv = argv, .program = program, .pidfile = -1},
        .resumed = is_resumed ? state : NULL,
        .started = -1,
    };
    int status = start(&life);
    free(program);
    free(config);
    return status;
}

int main(int argc, char **argv)
{
    footprint_init();
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
    struct err err = ERR_INIT;
    struct state_in state;
    int inherited = options.task == TASK_CHECK_STATE ? upgrade_check(&state, &err)
                                                     : upgrade_inherit(&state, &err);
    if (inherited < 0) {
        fail(&err);
        upgrade_go_back(argv);
    }
    int status = inherited < 0 ? err_exit_code(&err) : live(&options, argv, &state, inherited > 0);
    state_in_finish(&state);
    return status;
}
