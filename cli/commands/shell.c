/* SPDX-License-Identifier: MIT */

/* One command after the other, as they are typed. */
#include "cli/commands/commands.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/context.h"
#include "cli/output.h"
#include "cli/self.h"
#include "cli/shell/line.h"
#include "common/command.h"
#include "common/mem.h"

#define EXIT_USAGE 2

static const struct cli_option shell_options[] = {OPTIONS_END};

static bool is_blank(const char *line)
{
    line += strspn(line, " \t");
    return !*line || *line == '#';
}

/* Ctrl-C ends the command, and not us. */
static int run_words(char **words, const char *config, struct err *err)
{
    pid_t pid;
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    int status = self_start(config, words, -1, &pid, err);
    if (status == 0)
        status = self_wait(pid);
    signal(SIGINT, before);
    return status;
}

/* Returns the exit status. */
static int run_line(const char *line, const char *config)
{
    struct err err = ERR_INIT;
    char **words = command_split(line, &err);
    int status = words ? run_words(words, config, &err) : -1;
    command_free(words);
    if (status == 128 + SIGINT && isatty(STDOUT_FILENO))
        putchar('\n'); /* the terminal has written ^C, and the prompt begins a line */
    if (status >= 0)
        return status;
    output_error(&err, NULL, false);
    return err_exit_code(&err);
}

/* "exit", "quit" and their kin, with a status or without. */
static bool is_end(const char *line, int *status)
{
    char word[8], rest[2];
    int number = *status;
    int found = sscanf(line, " %7s %d %1s", word, &number, rest);
    bool says_so = found >= 1 && (strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0);
    if (says_so && found == 2)
        *status = number & 0xff;
    return says_so && found <= 2;
}

/* That of supervisorctl's section, $MUSTER_HISTORY, or one in the home directory. NULL: none. */
static char *history_path(const struct settings *settings)
{
    const char *named = getenv("MUSTER_HISTORY"), *home = getenv("HOME");
    if (!named)
        named = settings->supervisor.ctl.history_file;
    if (named && named[0])
        return mem_strdup(named);
    return !getenv("MUSTER_HISTORY") && home && home[0] == '/'
               ? mem_printf("%s/.muster_history", home)
               : NULL;
}

static int read_lines(struct line_reader *reader, const char *config)
{
    int status = 0;
    const char *line;
    while ((line = line_read(reader)) && !is_end(line, &status))
        if (!is_blank(line))
            status = run_line(line, config);
    if (!line && isatty(STDIN_FILENO))
        putchar('\n');
    return status;
}

static int run_shell(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    char *history = history_path(settings);
    const struct line_options options = {
        .prompt = "muster> ", .history = history, .settings = settings};
    if (isatty(STDIN_FILENO))
        puts("muster " MUSTER_VERSION "; `help` lists the commands, `exit` leaves");
    struct line_reader *reader = line_reader_create(&options);
    int status = read_lines(reader, options_text(&context->options, "config", NULL));
    line_reader_destroy(reader);
    free(history);
    return status;
}

const struct cli_command command_shell = {
    .name = "shell",
    .group = "help",
    .usage = "",
    .summary = "Takes one command after the other, as supervisorctl does",
    .details =
        "The same as muster without a command, at a terminal. Lines are commands without "
        "\"muster\","
        "\nsplit and quoted as in a configuration; Tab completes commands, options and the names "
        "of\n"
        "queues, connections, programs and groups; the history is kept in ~/.muster_history\n"
        "($MUSTER_HISTORY, or history_file of [supervisorctl]; empty: nowhere). `exit`, `quit` or\n"
        "Ctrl-D leave; Ctrl-C ends the command that runs. Without a terminal lines are read from\n"
        "standard input. The exit status is that of the last command, or what exit is given.",
    .options = shell_options,
    .examples = (const char *const[]){"shell", "shell <commands.txt", NULL},
    .run = run_shell,
};
