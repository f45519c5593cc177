/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"

/* What a text asks for: patterns for the group and for the process; NULL: any. */
struct wish {
    const char *text;
    char *group;
    const char *process;
    bool has_colon;
};

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

static bool fits(const char *pattern, const char *name)
{
    return is_pattern(pattern) ? fnmatch(pattern, name, 0) == 0 : strcmp(pattern, name) == 0;
}

static bool is_wished(const struct wish *wish, const struct program *program)
{
    const char *group = program_group_name(program->group), *name = program->process->name;
    if (strcmp(wish->text, "all") == 0)
        return true;
    if (wish->has_colon)
        return fits(wish->group, group) && (wish->process[0] == '\0' || fits(wish->process, name));
    if (is_pattern(wish->text))
        return fits(wish->text, name) || fits(wish->text, group);
    return strcmp(wish->text, group) == 0 && (strcmp(wish->text, name) == 0 || !wish->process);
}

/* Among the first count of the list. */
static bool has(const struct program_list *list, size_t count, const struct program *program)
{
    for (size_t i = 0; i < count; i++)
        if (list->items[i] == program)
            return true;
    return false;
}

static void add_from_group(const struct wish *wish, const struct program_group *group,
                           size_t had_before, struct program_list *list)
{
    struct program **members = program_group_by_priority(group);
    for (size_t i = 0; i < group->member_count; i++) {
        if (!is_wished(wish, members[i]) || has(list, had_before, members[i]))
            continue;
        list->items = mem_resize(list->items, list->count + 1, sizeof(struct program *));
        list->items[list->count++] = members[i];
    }
    free(members);
}

static size_t add_wished(const struct programs *programs, const struct wish *wish,
                         struct program_list *list)
{
    size_t before = list->count, found = 0;
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        for (size_t k = 0; k < group->member_count && found == 0; k++)
            found += is_wished(wish, group->members[k]);
        add_from_group(wish, group, before, list);
    }
    return found;
}

static enum fault unknown(const struct programs *programs, const char *text, struct err *err)
{
    struct nearest nearest = nearest_to(text);
    for (size_t i = 0; i < programs->group_count; i++)
        nearest_consider(&nearest, program_group_name(programs->groups[i]));
    if (nearest.best)
        err_set(err, ERR_NOT_FOUND, "there is no program %.200s; did you mean %s?", text,
                nearest.best);
    else
        err_set(err, ERR_NOT_FOUND, "there is no program %.200s", text);
    return FAULT_BAD_NAME;
}

enum fault programs_select(const struct programs *programs, const char *text,
                           struct program_list *list, struct err *err)
{
    const char *colon = strchr(text, ':');
    struct wish wish = {
        .text = text,
        .group = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text)),
        .process = colon ? colon + 1 : text,
        .has_colon = colon != NULL,
    };
    size_t found = add_wished(programs, &wish, list);
    if (found == 0 && !colon) {
        wish.process = NULL; /* no program is called like its group: the whole group, then */
        found = add_wished(programs, &wish, list);
    }
    free(wish.group);
    return found > 0 ? FAULT_SUCCESS : unknown(programs, text, err);
}

void program_list_finish(struct program_list *list)
{
    free(list->items);
    *list = (struct program_list){0};
}

struct program *programs_find(const struct programs *programs, const char *text, struct err *err)
{
    const char *colon = strchr(text, ':');
    char *name = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
    const struct program_group *group = programs_group(programs, name);
    struct program *program = group ? program_group_find(group, colon ? colon + 1 : text) : NULL;
    free(name);
    if (!program)
        unknown(programs, text, err);
    return program;
}
