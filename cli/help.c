/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <string.h>

static int name_width(void)
{
    size_t width = 0;
    for (size_t i = 0; cli_commands[i]; i++)
        if (strlen(cli_commands[i]->name) > width)
            width = strlen(cli_commands[i]->name);
    return (int)width;
}

void help_overview(FILE *out)
{
    fputs("usage: muster [-c FILE] [--json] COMMAND [OPTION…] [ARGUMENT…]\n", out);
    const char *group = "";
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct cli_command *command = cli_commands[i];
        if (strcmp(group, command->group) != 0)
            fprintf(out, "\n%s\n", command->group);
        group = command->group;
        fprintf(out, "  %-*s  %s\n", name_width(), command->name, command->summary);
    }
    fputs("\n`muster help COMMAND` shows its options and examples.\n", out);
}

const char *help_option_text(const struct cli_option *option, char text[HELP_OPTION_SIZE])
{
    char letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(text, HELP_OPTION_SIZE, "%s--%s%s%s", letter, option->name, option->value ? "=" : "",
             option->value ? option->value : "");
    return text;
}

static void print_options(const struct cli_option *options, FILE *out)
{
    char text[HELP_OPTION_SIZE];
    for (; options->name; options++)
        fprintf(out, "  %-26s  %s\n", help_option_text(options, text), options->help);
}

void help_command(const struct cli_command *command, FILE *out)
{
    fprintf(out, "usage: muster %s%s%s\n\n%s.\n", command->name, *command->usage ? " " : "",
            command->usage, command->summary);
    if (command->details)
        fprintf(out, "\n%s\n", command->details);
    fputs("\noptions\n", out);
    print_options(command->options, out);
    print_options(common_options, out);
    fputs("\nexamples\n", out);
    for (size_t i = 0; command->examples[i]; i++)
        fprintf(out, "  muster %s\n", command->examples[i]);
}
