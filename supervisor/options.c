/* SPDX-License-Identifier: MIT */
#include "supervisor/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "common/mem.h"

/* Parsing and help come from here. One with a value is the configuration file, or a key of
 * [supervisord]; one with a key and no value sets it to true. */
#define IGNORED "" /* a key */
struct row {
    const char *name;
    char letter;
    const char *value;
    enum task task;
    const char *key;
    const char *help;
};

/* For `muster upgrade`. */
#define CHECK_STATE_ROW                                                                            \
    {                                                                                              \
        "check-state", 'C', NULL, TASK_CHECK_STATE, NULL,                                          \
            "check that the state of a musterd on descriptor 3 can be taken over, and exit"        \
    }

static const struct row own_rows[] = {
    {"config", 'c', "FILE", TASK_RUN, NULL,
     "configuration (default: $MUSTER_CONFIG, ./muster.ini, /etc/muster/muster.ini)"},
    {"nodaemon", 'n', NULL, TASK_RUN, NULL, "stay in the foreground (the default)"},
    {"daemon", 'b', NULL, TASK_BACKGROUND, NULL,
     "go to the background when the start has succeeded"},
    {"check", 't', NULL, TASK_CHECK, NULL, "check the configuration and exit"},
    CHECK_STATE_ROW,
    {"help", 'h', NULL, TASK_HELP, NULL, "show this help"},
    {"version", 'v', NULL, TASK_VERSION, NULL, "show the version"},
    {.name = NULL},
};

static const struct row supervisord_rows[] = {
    {"configuration", 'c', "FILE", TASK_RUN, NULL, "configuration"},
    {"nodaemon", 'n', NULL, TASK_RUN, "nodaemon", "stay in the foreground"},
    {"silent", 's', NULL, TASK_RUN, "silent", "no log on standard output"},
    {"user", 'u', "USER", TASK_RUN, "user", "become this user"},
    {"umask", 'm', "OCTAL", TASK_RUN, "umask", "umask of the daemon"},
    {"directory", 'd', "DIR", TASK_RUN, "directory", "change to it in the background"},
    {"logfile", 'l', "FILE", TASK_RUN, "logfile", "the daemon's log"},
    {"logfile_maxbytes", 'y', "BYTES", TASK_RUN, "logfile_maxbytes", "rotate it at this size"},
    {"logfile_backups", 'z', "N", TASK_RUN, "logfile_backups", "rotated files that are kept"},
    {"loglevel", 'e', "LEVEL", TASK_RUN, "loglevel", "debug, info, warn, error, critical"},
    {"pidfile", 'j', "FILE", TASK_RUN, "pidfile", "file with the pid"},
    {"identifier", 'i', "NAME", TASK_RUN, "identifier", "name of this daemon"},
    {"childlogdir", 'q', "DIR", TASK_RUN, "childlogdir", "directory of AUTO logs"},
    {"nocleanup", 'k', NULL, TASK_RUN, "nocleanup", "keep old AUTO logs"},
    {"minfds", 'a', "N", TASK_RUN, "minfds", "open files that the limit must allow"},
    {"minprocs", 'M', "N", TASK_RUN, "minprocs", "processes that the limit must allow"},
    {"strip_ansi", 't', NULL, TASK_RUN, "strip_ansi", "take escape sequences out of logs"},
    {"profile_options", 'P', "LIST", TASK_RUN, IGNORED, "ignored: it is for Python's profiler"},
    CHECK_STATE_ROW,
    {"help", 'h', NULL, TASK_HELP, NULL, "show this help"},
    {"version", 'v', NULL, TASK_VERSION, NULL, "show the version"},
    {.name = NULL},
};

#define ROWS_MAX (sizeof supervisord_rows / sizeof supervisord_rows[0])

static const struct row *rows_of(const struct daemon_options *options)
{
    return options->is_supervisord ? supervisord_rows : own_rows;
}

static const char *name_of(const struct daemon_options *options)
{
    return options->is_supervisord ? "supervisord" : "musterd";
}

void daemon_options_print_help(const struct daemon_options *options)
{
    printf("usage: %s [OPTION…]\n\nRuns programs, and the workers of the queues in the "
           "configuration.\n\noptions\n",
           name_of(options));
    for (const struct row *row = rows_of(options); row->name; row++)
        printf("  -%c, --%s%s%-*s  %s\n", row->letter, row->name, row->value ? "=" : "",
               (int)(18 - strlen(row->name)), row->value ? row->value : "", row->help);
    puts("\nsignals\n"
         "  TERM, INT, QUIT  stop: running jobs finish; a second time they are ended\n"
         "  HUP              read the configuration again, restart what has changed (all, where\n"
         "                   the file is Supervisor's and says nothing of Muster)\n"
         "  USR1             replace all workers, gracefully\n"
         "  USR2             open the logs again\n"
         "  RTMIN            become the program that is installed now, as muster upgrade does");
}

static void take(struct daemon_options *options, const struct row *row, const char *value)
{
    if (row->key && strcmp(row->key, IGNORED) == 0)
        return;
    if (row->key && options->override_count < OVERRIDES_MAX)
        options->overrides[options->override_count++] =
            (struct daemon_override){row->key, row->value ? value : "true"};
    else if (row->value)
        options->config = value;
    else
        options->task = row->task;
}

static const struct row *find_row(const struct daemon_options *options, int letter)
{
    const struct row *row = rows_of(options);
    while (row->name && row->letter != letter)
        row++;
    return row->name ? row : NULL;
}

int daemon_options_read(struct daemon_options *options, int argc, char **argv)
{
    struct option longs[ROWS_MAX] = {0};
    char letters[2 * ROWS_MAX + 1], *end = letters;
    const char *slash = strrchr(argv[0], '/');
    *options = (struct daemon_options){.is_supervisord =
                                           strcmp(slash ? slash + 1 : argv[0], "supervisord") == 0};
    for (const struct row *row = rows_of(options); row->name; row++) {
        longs[row - rows_of(options)] = (struct option){
            row->name, row->value ? required_argument : no_argument, NULL, row->letter};
        *end++ = row->letter;
        if (row->value)
            *end++ = ':';
    }
    *end = '\0';
    int found;
    while ((found = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
        const struct row *row = find_row(options, found);
        if (!row)
            return -1;
        take(options, row, optarg);
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "%s: unexpected argument \"%s\"\n", name_of(options), argv[optind]);
    return -1;
}

/* The directory above that of the program as it was called, so that /opt/x/bin/supervisord looks
 * in /opt/x. Malloc'd. */
static char *installed_below(void)
{
    const char *called = (const char *)getauxval(AT_EXECFN);
    const char *slash = called ? strrchr(called, '/') : NULL;
    return slash ? mem_printf("%.*s/..", (int)(slash - called), called) : mem_strdup("..");
}

/* Where Supervisor looks. */
static char *find_supervisors_file(void)
{
    char *above = installed_below();
    char *places[] = {mem_printf("%s/etc/supervisord.conf", above),
                      mem_printf("%s/supervisord.conf", above),
                      mem_strdup("supervisord.conf"),
                      mem_strdup("etc/supervisord.conf"),
                      mem_strdup("/etc/supervisord.conf"),
                      mem_strdup("/etc/supervisor/supervisord.conf")};
    char *found = NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!found && access(places[i], R_OK) == 0)
            found = places[i];
        else
            free(places[i]);
    }
    free(above);
    return found;
}

char *daemon_options_find_file(const struct daemon_options *options)
{
    return options->is_supervisord ? find_supervisors_file() : settings_find_file();
}
