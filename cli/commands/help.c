/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include "cli/commands/commands.h"
#include "cli/context.h"

static const struct cli_option help_options[] = {OPTIONS_END};

/* --- for programs --- */

/* What an option's value may be, where there is a choice; null otherwise. */
static void add_choices(struct fields *fields, const struct cli_option *option)
{
    const struct key *key =
        option->kind == OPTION_KEY ? keys_find(option->keys, option->key) : NULL;
    if (key && key->type == KEY_CHOICE)
        fields_texts(fields, "choices", key->choices);
    else
        fields_null(fields, "choices");
}

static void add_options(struct fields *array, const struct cli_option *options)
{
    for (; options->name; options++) {
        struct fields *option = fields_object(array, NULL);
        fields_text(option, "name", options->name);
        fields_text(option, "letter", options->letter ? (char[]){options->letter, '\0'} : NULL);
        fields_text(option, "value", options->value);
        add_choices(option, options);
        fields_text(option, "help", options->help);
    }
}

static void add_command(struct answer *answer, const struct cli_command *command)
{
    struct fields *row = answer_row(answer);
    fields_text(row, "name", command->name);
    fields_text(row, "group", command->group);
    fields_text(row, "usage", command->usage);
    fields_text(row, "summary", command->summary);
    fields_text(row, "details", command->details);
    struct fields *options = fields_array(row, "options");
    add_options(options, command->options);
    add_options(options, common_options);
    fields_texts(row, "examples", command->examples);
}

static void answer_help(struct answer *answer, const struct cli_command *command)
{
    answer_list(answer, "commands");
    if (command)
        add_command(answer, command);
    for (size_t i = 0; !command && cli_commands[i]; i++)
        add_command(answer, cli_commands[i]);
}

/* --- the command --- */

static int run_help(struct context *context, struct err *err)
{
    const struct cli_command *command = NULL;
    if (context->options.argument_count > 0) {
        command = command_find(context->options.arguments[0], err);
        if (!command)
            return -1;
    }
    if (context->json)
        answer_help(&context->answer, command);
    else if (command)
        help_command(command, stdout);
    else
        help_overview(stdout);
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
