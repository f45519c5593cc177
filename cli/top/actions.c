/* SPDX-License-Identifier: MIT */
#include "cli/top/actions.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

const struct top_action top_actions[] = {
    {TOP_QUEUES, 'p', "pause", NULL, NULL, {"queue:pause", "--queue=%"}},
    {TOP_QUEUES, 'r', "resume", NULL, NULL, {"queue:resume", "--queue=%"}},
    {TOP_QUEUES, 's', "scale", NULL, "workers", {"queue:scale", "%", "--workers=%N"}},
    {TOP_QUEUES, 'R', "restart", "replace the workers of %", NULL, {"queue:restart", "--queue=%"}},
    {TOP_QUEUES, 't', "retry", "put back all failed jobs of %", NULL, {"queue:retry", "--queue=%"}},
    {TOP_WORKERS, 'R', "restart", "replace all workers of %", NULL, {"queue:restart", "--queue=%"}},
    {TOP_WORKERS, 's', "scale", NULL, "workers", {"queue:scale", "%", "--workers=%N"}},
    {TOP_PROGRAMS, 's', "start", NULL, NULL, {"start", "%"}},
    {TOP_PROGRAMS, 'x', "stop", "stop %", NULL, {"stop", "%"}},
    {TOP_PROGRAMS, 'R', "restart", "restart %", NULL, {"restart", "%"}},
};
const size_t top_action_count = sizeof top_actions / sizeof top_actions[0];

const struct top_action *top_action_of(enum top_pane_id pane, int key)
{
    for (size_t i = 0; i < top_action_count; i++)
        if (top_actions[i].pane == pane && top_actions[i].key == key)
            return &top_actions[i];
    return NULL;
}

static char *word_of(const char *pattern, const char *name, const char *number)
{
    const char *hole = strchr(pattern, '%');
    if (!hole)
        return mem_strdup(pattern);
    const char *value = hole[1] == 'N' ? number : name;
    return mem_printf("%.*s%s", (int)(hole - pattern), pattern, value ? value : "");
}

void top_action_words(const struct top_action *action, const char *name, const char *number,
                      char *argv[TOP_WORDS_MAX + 1])
{
    size_t count = 0;
    for (; count < TOP_WORDS_MAX && action->words[count]; count++)
        argv[count] = word_of(action->words[count], name, number);
    argv[count] = NULL;
}

void top_words_free(char *argv[TOP_WORDS_MAX + 1])
{
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
}
