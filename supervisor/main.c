/* SPDX-License-Identifier: MIT */

/* musterd: reads the configuration, makes sure that it is the only one, and is the master until it
 * is told to stop. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/path.h"
#include "supervisor/daemon.h"
#include "supervisor/main_log.h"
#include "supervisor/master.h"
#include "supervisor/pidfile.h"

#define EXIT_USAGE 2

enum task { TASK_RUN, TASK_BACKGROUND, TASK_CHECK, TASK_HELP, TASK_VERSION };

/* The options: parsing and help come from here. One with a value is the configuration file. */
static const struct row {
    const char *name;
    char letter;
    const char *value;
    enum task task;
    const char *help;
} rows[] = {
    {"config", 'c', "FILE", TASK_RUN,
     "configuration (default: $MUSTER_CONFIG, ./muster.ini, /etc/muster/muster.ini)"},
    {"nodaemon", 'n', NULL, TASK_RUN, "stay in the foreground (the default)"},
    {"daemon", 'b', NULL, TASK_BACKGROUND, "go to the background when the start has succeeded"},
    {"check", 't', NULL, TASK_CHECK, "check the configuration and exit"},
    {"help", 'h', NULL, TASK_HELP, "show this help"},
    {"version", 'v', NULL, TASK_VERSION, "show the version"},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static void print_help(void)
{
    puts("usage: musterd [OPTION…]\n\n"
         "Runs the workers of the queues in the configuration.\n\noptions");
    for (size_t i = 0; i < ROW_COUNT; i++)
        printf("  -%c, --%s%s%-*s  %s\n", rows[i].letter, rows[i].name, rows[i].value ? "=" : "",
               (int)(13 - strlen(rows[i].name)), rows[i].value ? rows[i].value : "", rows[i].help);
    puts("\nsignals\n"
         "  TERM, INT, QUIT  stop: running jobs finish; a second time they are ended\n"
         "  HUP              read the configuration again, restart what has changed\n"
         "  USR1             replace all workers, gracefully\n"
         "  USR2             open the logs again");
}

static const struct row *row_of(int letter)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    return NULL;
}

/* Returns 0, or -1 when getopt has said what is wrong. */
static int read_options(int argc, char **argv, enum task *task, const char **config)
{
    struct option longs[ROW_COUNT + 1] = {0};
    char letters[2 * ROW_COUNT + 1], *end = letters;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int takes = rows[i].value ? required_argument : no_argument;
        longs[i] = (struct option){rows[i].name, takes, NULL, rows[i].letter};
        *end++ = rows[i].letter;
        if (rows[i].value)
            *end++ = ':';
    }
    *end = '\0';
    int found;
    while ((found = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
        const struct row *row = row_of(found);
        if (!row)
            return -1;
        if (row->value)
            *config = optarg;
        else
            *task = row->task;
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "musterd: unexpected argument \"%s\"\n", argv[optind]);
    return -1;
}

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

static int run(struct settings *settings, const char *config, bool background, struct err *err)
{
    int started = -1;
    if (main_log_open(settings, background, err) < 0 ||
        (background && (started = daemon_fork(err)) < 0)) {
        settings_destroy(settings);
        return -1;
    }
    bool again;
    while (run_once(settings, config, &started, &again, err) == 0) {
        if (!again)
            return 0;
        settings = settings_load(config, err);
        if (!settings || main_log_open(settings, background, err) < 0) {
            settings_destroy(settings);
            return -1;
        }
    }
    return -1;
}

static int start(enum task task, const char *config)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(config, &err);
    if (!settings)
        return fail(&err);
    for (size_t i = 0; i < settings->warning_count; i++)
        log_write(LOG_WARN, "%s", settings->warnings[i]);
    int status = 0;
    if (task == TASK_CHECK) {
        status = check(settings);
        settings_destroy(settings);
    } else if (run(settings, config, task == TASK_BACKGROUND, &err) < 0) {
        status = fail(&err);
    }
    log_close();
    return status;
}

int main(int argc, char **argv)
{
    enum task task = TASK_RUN;
    const char *given = NULL;
    if (read_options(argc, argv, &task, &given) < 0) {
        fputs("`musterd --help` lists the options\n", stderr);
        return EXIT_USAGE;
    }
    if (task == TASK_HELP)
        print_help();
    if (task == TASK_VERSION)
        puts("musterd " MUSTER_VERSION);
    if (task == TASK_HELP || task == TASK_VERSION)
        return 0;
    char *found = given ? NULL : settings_find_file();
    const char *named = given ? given : found;
    char *config = named ? path_absolute(named) : NULL;
    int status = start(task, config);
    free(config);
    free(found);
    return status;
}
