/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit.h"
#include "cli/clean.h"
#include "cli/command.h"
#include "cli/commands/commands.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/output.h"

#define EXIT_USAGE 2
#define RUN_SHELL  -1

static const struct cli_option version_option[] = {
    {.name = "version", .letter = 'V', .kind = OPTION_FLAG, .help = "show the version"},
    OPTIONS_END,
};

/* Looked at before the options are parsed, so that what is wrong with them is said as it was asked
 * for. */
static bool json_is_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

static int fail(const struct err *err, const char *command, bool json)
{
    output_error(err, command, json);
    return err_exit_code(err);
}

/* Turns "muster -c FILE COMMAND …" into "COMMAND -c FILE …", so that common options may stand
 * before the command too. position is that of the command. Returns the new argv, which is one
 * shorter. */
static char **put_command_first(char **argv, int position)
{
    char *name = argv[position];
    memmove(argv + 2, argv + 1, (size_t)(position - 1) * sizeof *argv);
    argv[1] = name;
    return argv + 1;
}

static int run(struct context *context, int argc, char **argv, struct err *err)
{
    const struct cli_command *command = context->command;
    const struct cli_option *const tables[] = {command->options, common_options, NULL};
    if (options_parse(&context->options, tables, command->order, argc, argv, err) < 0)
        return -1;
    if (options_given(&context->options, "help")) {
        help_command(command, stdout);
        return 0;
    }
    if (command_check_arguments(command, context->options.argument_count, err) < 0)
        return -1;
    int status = command->run(context, err);
    if (command->is_audited)
        audit_command(context, err);
    bool has_answer = context->answer.values.count + context->answer.list_count > 0;
    if (has_answer && output_answer(&context->answer, context->json, stdout, err) < 0)
        return -1;
    return status;
}

static int run_command(const struct cli_command *command, bool json, int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct context context = {.command = command, .json = json};
    int status = run(&context, argc, argv, &err);
    context_finish(&context);
    return status < 0 ? fail(&err, command->name, json) : status;
}

static bool is_typed(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Returns the position of the command in argv, 0 where there is none and *status is what to exit
 * with, or RUN_SHELL. */
static int read_common_options(int argc, char **argv, int *status, struct err *err)
{
    const struct cli_option *const tables[] = {version_option, common_options, NULL};
    struct options options;
    int position = 0;
    *status = 0;
    if (options_parse(&options, tables, OPTIONS_FIRST, argc, argv, err) < 0) {
        *status = EXIT_USAGE;
    } else if (options_given(&options, "version")) {
        puts("muster " MUSTER_VERSION);
    } else if (options.argument_count > 0) {
        position = argc - options.argument_count;
    } else {
        bool asked = options_given(&options, "help");
        *status = asked ? 0 : is_typed() ? RUN_SHELL : EXIT_USAGE;
        if (*status != RUN_SHELL)
            help_overview(asked ? stdout : stderr);
    }
    options_finish(&options);
    return position;
}

int main(int argc, char **argv)
{
    clean_init();
    bool json = json_is_wanted(argc, argv);
    struct err err = ERR_INIT;
    int status;
    int position = read_common_options(argc, argv, &status, &err);
    if (err.code != ERR_NONE)
        return fail(&err, NULL, json);
    if (position == 0)
        return status == RUN_SHELL ? run_command(&command_shell, json, argc, argv) : status;
    const struct cli_command *command = command_find(argv[position], &err);
    if (!command)
        return fail(&err, NULL, json);
    return run_command(command, json, argc - 1, put_command_first(argv, position));
}
