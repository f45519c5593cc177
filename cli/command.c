/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <string.h>

#include "common/nearest.h"

const struct cli_option common_options[] = {
    {.name = "config",
     .letter = 'c',
     .kind = OPTION_TEXT,
     .value = "FILE",
     .help = "configuration file (default: $MUSTER_CONFIG, ./muster.ini, /etc/muster/muster.ini)"},
    {.name = "json", .kind = OPTION_FLAG, .help = "answer with one JSON object"},
    {.name = "help", .letter = 'h', .kind = OPTION_FLAG, .help = "show this help"},
    OPTIONS_END,
};

const struct cli_command *command_find(const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
        nearest_consider(&nearest, cli_commands[i]->name);
    }
    if (nearest.best)
        err_set(err, ERR_INVALID, "unknown command \"%s\"; did you mean %s?", name, nearest.best);
    else
        err_set(err, ERR_INVALID, "unknown command \"%s\"; `muster help` lists the commands", name);
    return NULL;
}

int command_check_arguments(const struct cli_command *command, int count, struct err *err)
{
    if (count >= command->min_arguments &&
        (command->max_arguments < 0 || count <= command->max_arguments))
        return 0;
    return err_set(err, ERR_INVALID, "%s; usage: muster %s %s",
                   count < command->min_arguments ? "an argument is missing" : "too many arguments",
                   command->name, command->usage);
}
