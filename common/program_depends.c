/* SPDX-License-Identifier: MIT */
#include "common/program_depends.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"

#define SEPARATORS  ", \t\n"
#define DEPTH_MAX   1000 /* programs in a chain */
#define CYCLE_BYTES 2000 /* of one that is told */

/* One name */

bool dependency_next(const char **at, struct dependency *dependency)
{
    *at += strspn(*at, SEPARATORS);
    dependency->text = *at;
    dependency->length = strcspn(*at, SEPARATORS);
    *at += dependency->length;
    return dependency->length > 0;
}

static bool is_text(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

bool dependency_means(const struct dependency *dependency, const char *group, const char *program,
                      const char *process)
{
    const char *text = dependency->text, *colon = memchr(text, ':', dependency->length);
    if (!colon)
        return is_text(text, dependency->length, group) ||
               is_text(text, dependency->length, program) ||
               is_text(text, dependency->length, process);
    const char *name = colon + 1;
    size_t length = dependency->length - (size_t)(name - text);
    return is_text(text, (size_t)(colon - text), group) &&
           (length == 0 || is_text(name, length, "*") || is_text(name, length, program) ||
            is_text(name, length, process));
}

bool program_depends_on(const char *list, const char *group, const char *program,
                        const char *process)
{
    struct dependency dependency;
    while (dependency_next(&list, &dependency))
        if (dependency_means(&dependency, group, program, process))
            return true;
    return false;
}

/* All of a configuration: a depth-first walk */

enum mark { MARK_NONE, MARK_OPEN, MARK_DONE };

struct node {
    const struct group_settings *group;
    struct program_entry *program;
    enum mark mark;
};

struct graph {
    struct settings_reader *reader;
    struct node *nodes;
    size_t count;
    struct node *path[DEPTH_MAX]; /* from where the walk began to where it is */
    size_t depth;
};

static bool means_program(const struct dependency *dependency, const struct node *node)
{
    const struct program_entry *program = node->program;
    if (dependency_means(dependency, node->group->name, program->name, program->name))
        return true;
    for (size_t i = 0; i < program->process_count; i++)
        if (dependency_means(dependency, node->group->name, program->name,
                             program->processes[i].name))
            return true;
    return false;
}

static int refuse(const struct graph *graph, const struct node *node, const char *text)
{
    static const char *const prefixes[] = {"program:", "fcgi-program:", "eventlistener:"};
    const struct ini_section *section = NULL;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0] && !section; i++)
        section = settings_section(graph->reader, prefixes[i], node->program->name);
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID, "depends_on: %s", text);
    return settings_refuse(graph->reader, section, "depends_on", &cause);
}

static int refuse_unknown(const struct graph *graph, const struct node *node,
                          const struct dependency *dependency)
{
    char *name = mem_strndup(dependency->text, dependency->length);
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < graph->count; i++) {
        nearest_consider(&nearest, graph->nodes[i].group->name);
        nearest_consider(&nearest, graph->nodes[i].program->name);
    }
    char *text = nearest.best ? mem_printf("there is no program or group %.200s; did you mean %s?",
                                           name, nearest.best)
                              : mem_printf("there is no program or group %.200s", name);
    int result = refuse(graph, node, text);
    free(text);
    free(name);
    return result;
}

/* The path leads from again to where the walk is now. */
static int refuse_cycle(const struct graph *graph, const struct node *again)
{
    struct buf text;
    size_t begin = graph->depth;
    buf_init(&text, CYCLE_BYTES);
    while (graph->path[begin - 1] != again)
        begin--;
    buf_text_append(&text, "programs wait for each other in a circle: ");
    for (size_t i = begin - 1; i < graph->depth; i++)
        buf_printf(&text, "%s -> ", graph->path[i]->program->name);
    buf_printf(&text, "%s; take one out", again->program->name);
    int result = refuse(graph, graph->path[graph->depth - 1], buf_text(&text));
    buf_finish(&text);
    return result;
}

static int visit(struct graph *graph, struct node *node);

static int visit_dependency(struct graph *graph, struct node *node,
                            const struct dependency *dependency)
{
    bool is_known = false;
    for (size_t i = 0; i < graph->count; i++) {
        struct node *other = &graph->nodes[i];
        if (!means_program(dependency, other))
            continue;
        is_known = true;
        if (other->mark == MARK_OPEN)
            return refuse_cycle(graph, other);
        if (visit(graph, other) < 0)
            return -1;
        if (node->program->rank <= other->program->rank)
            node->program->rank = other->program->rank + 1;
    }
    return is_known ? 0 : refuse_unknown(graph, node, dependency);
}

static int visit(struct graph *graph, struct node *node)
{
    struct dependency dependency;
    const char *at = node->program->settings->depends_on;
    if (node->mark == MARK_DONE)
        return 0;
    if (graph->depth == DEPTH_MAX)
        return refuse(graph, node, "more than 1000 programs wait for each other in a row");
    graph->path[graph->depth++] = node;
    node->mark = MARK_OPEN;
    while (dependency_next(&at, &dependency))
        if (visit_dependency(graph, node, &dependency) < 0)
            return -1;
    node->mark = MARK_DONE;
    graph->depth--;
    return 0;
}

int programs_check_dependencies(struct settings_reader *reader)
{
    const struct supervisor_settings *supervisor = &reader->settings->supervisor;
    struct graph *graph = mem_new(1, sizeof *graph);
    int result = 0;
    graph->reader = reader;
    for (size_t i = 0; i < supervisor->group_count; i++) {
        struct group_settings *group = supervisor->groups[i];
        graph->nodes =
            mem_resize(graph->nodes, graph->count + group->program_count + 1, sizeof(struct node));
        for (size_t p = 0; p < group->program_count; p++)
            graph->nodes[graph->count++] =
                (struct node){.group = group, .program = &group->programs[p]};
    }
    for (size_t i = 0; i < graph->count && result == 0; i++)
        result = visit(graph, &graph->nodes[i]);
    free(graph->nodes);
    free(graph);
    return result;
}
