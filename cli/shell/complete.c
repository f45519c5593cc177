/* SPDX-License-Identifier: MIT */
#include "cli/shell/complete.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "common/mem.h"

void completions_finish(struct completions *completions)
{
    for (size_t i = 0; i < completions->count; i++)
        free(completions->list[i]);
    free(completions->list);
    *completions = (struct completions){0};
}

size_t completions_common(const struct completions *completions)
{
    size_t common = completions->count > 0 ? strlen(completions->list[0]) : 0;
    for (size_t i = 1; i < completions->count; i++)
        for (size_t k = 0; k < common; k++)
            if (completions->list[i][k] != completions->list[0][k])
                common = k;
    return common;
}

/* What is typed so far, and where what is found goes. */
struct search {
    struct completions *found;
    const char *word;
};

/* before is what stands in the word already, "" or "--queue=". */
static void offer(const struct search *search, const char *before, const char *text)
{
    char *whole = mem_printf("%s%s", before, text);
    struct completions *found = search->found;
    if (strncmp(whole, search->word, strlen(search->word)) != 0) {
        free(whole);
        return;
    }
    found->list = mem_resize(found->list, found->count + 1, sizeof *found->list);
    found->list[found->count++] = whole;
}

static void offer_commands(const struct search *search)
{
    for (size_t i = 0; cli_commands[i]; i++)
        offer(search, "", cli_commands[i]->name);
}

static void offer_names(const struct search *search, const struct shell_names *names,
                        enum shell_kind kind, const char *before)
{
    for (size_t i = 0; names && i < names->count; i++)
        if (names->list[i].kind == kind)
            offer(search, before, names->list[i].text);
}

static void offer_options(const struct search *search, const struct cli_option *options)
{
    for (; options->name; options++) {
        char *text = mem_printf("--%s%s", options->name, options->value ? "=" : "");
        offer(search, "", text);
        free(text);
    }
}

static const struct cli_command *command_of(const char *line)
{
    char *name = mem_strndup(line, strcspn(line, " \t"));
    const struct cli_command *command = command_find(name, NULL);
    free(name);
    return command;
}

/* By what its usage calls its arguments. */
static void offer_arguments(const struct search *search, const struct cli_command *command,
                            const struct shell_names *names)
{
    if (strcmp(command->name, "help") == 0)
        offer_commands(search);
    else if (strcmp(command->name, "add") == 0 || strcmp(command->name, "remove") == 0 ||
             strcmp(command->name, "update") == 0)
        offer_names(search, names, SHELL_GROUP, "");
    else if (strcmp(command->group, "programs") == 0)
        offer_names(search, names, SHELL_PROGRAM, "");
    else if (strstr(command->usage, "QUEUE"))
        offer_names(search, names, SHELL_QUEUE, "");
}

static const char *last_word(const char *line)
{
    const char *word = line + strlen(line);
    while (word > line && word[-1] != ' ' && word[-1] != '\t')
        word--;
    return word;
}

size_t complete_line(const char *line, const struct shell_names *names,
                     struct completions *completions)
{
    line += strspn(line, " \t");
    const struct search search = {completions, last_word(line)};
    const struct cli_command *command = search.word == line ? NULL : command_of(line);
    if (search.word == line) {
        offer_commands(&search);
        offer(&search, "", "exit");
        offer(&search, "", "quit");
    } else if (command && strncmp(search.word, "--queue=", 8) == 0) {
        offer_names(&search, names, SHELL_QUEUE, "--queue=");
    } else if (command && strncmp(search.word, "--connection=", 13) == 0) {
        offer_names(&search, names, SHELL_CONNECTION, "--connection=");
    } else if (command && search.word[0] == '-') {
        offer_options(&search, command->options);
        offer_options(&search, common_options);
    } else if (command) {
        offer_arguments(&search, command, names);
    }
    return strlen(search.word);
}
