/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include "cli/commands/commands.h"
#include "cli/context.h"

static const struct cli_option help_options[] = {OPTIONS_END};

static int run_help(struct context *context, struct err *err)
{
    if (context->options.argument_count == 0) {
        help_overview(stdout);
        return 0;
    }
    const struct cli_command *command = command_find(context->options.arguments[0], err);
    if (!command)
        return -1;
    help_command(command, stdout);
    return 0;
}

const struct cli_command command_help = {
    .name = "help",
    .group = "help",
    .usage = "[COMMAND]",
    .summary = "Lists the commands, or shows one with its options and examples",
    .options = help_options,
    .examples = (const char *const[]){"help", "help queue:push", NULL},
    .max_arguments = 1,
    .run = run_help,
};
