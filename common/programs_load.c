/* SPDX-License-Identifier: MIT */

/* The groups: those that are named in [group:x], and one for each program that is in none. */
#include "common/supervisor_load.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "common/program_depends.h"
#include "common/program_load.h"
#include "common/settings_document.h"

#define PROGRAM_PREFIX  "program:"
#define FCGI_PREFIX     "fcgi-program:"
#define LISTENER_PREFIX "eventlistener:"
#define GROUP_PREFIX    "group:"

#define DEFAULT_HANDLER "supervisor.dispatchers:default_handler"

struct groups_loader {
    struct settings_reader *reader;
    bool *is_grouped; /* by index of the document's sections: it is in a [group:x] */
};

static bool has_prefix(const struct ini_section *section, const char *prefix)
{
    return strncmp(section->name, prefix, strlen(prefix)) == 0;
}

static int refuse(struct settings_reader *reader, const struct ini_section *section,
                  const char *key, const char *text)
{
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID, "%s: %s", key, text);
    return settings_refuse(reader, section, key, &cause);
}

static int add_program(struct group_settings *group, const struct program_source *source)
{
    size_t count = group->program_count + 1;
    group->programs = mem_resize(group->programs, count, sizeof *group->programs);
    return program_load(source, &group->programs[group->program_count++]);
}

static void keep_group(struct settings_reader *reader, struct group_section *rows)
{
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    size_t count = supervisor->group_count + 1;
    struct group_settings *group = mem_new(1, sizeof *group);
    *group = rows->group;
    group->environment = mem_strdup(supervisor->daemon.environment);
    group->place = supervisor->group_count;
    supervisor->groups = mem_resize(supervisor->groups, count, sizeof(struct group_settings *));
    supervisor->groups[supervisor->group_count++] = group_settings_hold(group);
    free(rows->programs);
    free(rows->result_handler);
}

/* [group:x] */

static int unknown_program(struct settings_reader *reader, const struct ini_section *section,
                           const char *name)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < reader->ini->section_count; i++)
        if (has_prefix(&reader->ini->sections[i], PROGRAM_PREFIX))
            nearest_consider(&nearest, reader->ini->sections[i].name + strlen(PROGRAM_PREFIX));
    struct err cause = ERR_INIT;
    if (nearest.best)
        err_set(&cause, ERR_INVALID, "programs: there is no program %.100s; did you mean %s?", name,
                nearest.best);
    else
        err_set(&cause, ERR_INVALID, "programs: there is no program %.100s; add a [program:%.100s]",
                name, name);
    return settings_refuse(reader, section, "programs", &cause);
}

static int add_member(struct groups_loader *loader, const struct ini_section *section,
                      const char *name, struct group_settings *group)
{
    struct settings_reader *reader = loader->reader;
    const struct ini_section *program = settings_section(reader, PROGRAM_PREFIX, name);
    const struct ini_section *fcgi = settings_section(reader, FCGI_PREFIX, name);
    if (!program && !fcgi)
        return unknown_program(reader, section, name);
    if (program && fcgi)
        return refuse(reader, section, "programs",
                      "a name in it is both a [program:…] and a [fcgi-program:…]; rename one");
    struct group_section unused = {.programs = NULL};
    const struct program_source source = {
        .reader = reader,
        .section = program ? program : fcgi,
        .group = group->name,
        .extra = fcgi ? &settings_fcgi_table : NULL,
        .extra_values = &unused,
    };
    if (fcgi)
        settings_warn(reader->settings,
                      mem_printf("%s:%d: [%s] is in [%s], where its processes share no socket",
                                 fcgi->file, fcgi->line, fcgi->name, section->name));
    loader->is_grouped[source.section - reader->ini->sections] = true;
    int result = add_program(group, &source);
    keys_finish(&settings_fcgi_table, &unused);
    return result;
}

static int add_members(struct groups_loader *loader, const struct ini_section *section,
                       const char *names, struct group_settings *group)
{
    int result = 0;
    for (const char *at = names; *at && result == 0; at++) {
        at += strspn(at, " \t\n");
        size_t length = strcspn(at, ","), name_length = length;
        while (name_length > 0 && strchr(" \t\n", at[name_length - 1]))
            name_length--;
        char *name = mem_strndup(at, name_length);
        result = add_member(loader, section, name, group);
        free(name);
        at += length;
        if (*at == '\0')
            break;
    }
    return result;
}

static int name_group(struct settings_reader *reader, const struct ini_section *section,
                      struct group_settings *group)
{
    struct err cause = ERR_INIT;
    const char *name = strchr(section->name, ':') + 1;
    group->name = mem_strdup(name + strspn(name, " "));
    if (program_check_name(group->name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    return 0;
}

static int load_group(struct groups_loader *loader, const struct ini_section *section)
{
    struct group_section rows = {.group.kind = GROUP_PROGRAMS};
    struct settings_reader *reader = loader->reader;
    keys_set_defaults(&settings_group_table, &rows);
    int result = name_group(reader, section, &rows.group);
    const struct ini_variable name = {.name = "group_name", .value = rows.group.name};
    const struct settings_names names = {&name, 1};
    if (result == 0)
        result = settings_apply_section(reader, &settings_group_table, &rows, section, &names);
    if (result == 0)
        result = add_members(loader, section, rows.programs, &rows.group);
    keep_group(reader, &rows);
    return result;
}

/* A program by itself is a group of its own name. */

static int check_listener(struct settings_reader *reader, const struct ini_section *section,
                          const struct group_section *rows)
{
    if (rows->group.events == 0)
        return refuse(reader, section, "events",
                      "it is missing; write the types of events, e.g. PROCESS_STATE,TICK_60");
    if (rows->group.programs[0].settings->redirect_stderr)
        return refuse(reader, section, "redirect_stderr",
                      "standard output of a listener speaks the event protocol; take it out");
    if (strcmp(rows->result_handler, DEFAULT_HANDLER) != 0)
        settings_warn(
            reader->settings,
            mem_printf("%s:%d: [%s] result_handler is ignored: musterd cannot load %s; OK "
                       "and FAIL are understood",
                       section->file, section->line, section->name, rows->result_handler));
    return 0;
}

static bool is_tcp(const char *socket)
{
    if (strncmp(socket, "tcp://", 6) != 0)
        return false;
    const char *host = socket + 6;
    size_t length = strcspn(host, ": \t\n");
    const char *port = host + length + 1;
    size_t digits = host[length] == ':' ? strspn(port, "0123456789") : 0;
    long number = digits > 0 && digits < 8 && port[digits] == '\0' ? strtol(port, NULL, 10) : 0;
    return length > 0 && number >= 1 && number <= 65535;
}

static int check_fcgi(struct settings_reader *reader, const struct ini_section *section,
                      const struct group_section *rows)
{
    const char *socket = rows->group.socket;
    bool is_unix = strncmp(socket, "unix:///", 8) == 0;
    if (!is_unix && !is_tcp(socket))
        return refuse(reader, section, "socket",
                      socket[0] ? "write tcp://HOST:PORT or unix:///PATH"
                                : "it is missing; write tcp://HOST:PORT or unix:///PATH");
    if (!is_unix && ini_key(section, "socket_owner"))
        return refuse(reader, section, "socket_owner", "it is for unix sockets; take it out");
    if (!is_unix && ini_key(section, "socket_mode"))
        return refuse(reader, section, "socket_mode", "it is for unix sockets; take it out");
    if (rows->group.socket_mode < 0)
        return refuse(reader, section, "socket_mode", "it is empty; write octal digits, e.g. 0700");
    return 0;
}

static int check_nothing(struct settings_reader *reader, const struct ini_section *section,
                         const struct group_section *rows)
{
    (void)reader, (void)section, (void)rows;
    return 0;
}

static const struct kind {
    const char *prefix;
    enum group_kind kind;
    const struct key_table *table; /* its keys beside a program's, or NULL */
    int (*check)(struct settings_reader *reader, const struct ini_section *section,
                 const struct group_section *rows);
} kinds[] = {
    {PROGRAM_PREFIX, GROUP_PROGRAMS, NULL, check_nothing},
    {LISTENER_PREFIX, GROUP_LISTENERS, &settings_eventlistener_table, check_listener},
    {FCGI_PREFIX, GROUP_FCGI, &settings_fcgi_table, check_fcgi},
};

static int load_single(struct settings_reader *reader, const struct ini_section *section,
                       const struct kind *kind)
{
    struct group_section rows = {.group.kind = (int)kind->kind};
    if (kind->table)
        keys_set_defaults(kind->table, &rows);
    int result = name_group(reader, section, &rows.group);
    const struct program_source source = {.reader = reader,
                                          .section = section,
                                          .group = rows.group.name,
                                          .extra = kind->table,
                                          .extra_values = &rows};
    if (result == 0)
        result = add_program(&rows.group, &source);
    if (result == 0 && kind->kind != GROUP_LISTENERS)
        rows.group.priority = rows.group.programs[0].settings->priority;
    if (result == 0)
        result = kind->check(reader, section, &rows);
    keep_group(reader, &rows);
    return result;
}

/* All of them */

static int compare_places(const struct group_settings *one, const struct group_settings *other)
{
    if (one->priority != other->priority)
        return one->priority < other->priority ? -1 : 1;
    return (one->place > other->place) - (one->place < other->place);
}

static int compare_groups(const void *a, const void *b)
{
    const struct group_settings *one = *(struct group_settings *const *)a,
                                *other = *(struct group_settings *const *)b;
    int by_name = strcmp(one->name, other->name);
    return one->priority == other->priority && by_name != 0 ? by_name : compare_places(one, other);
}

static int compare_by_name(const void *a, const void *b)
{
    const struct group_settings *one = *(struct group_settings *const *)a,
                                *other = *(struct group_settings *const *)b;
    int by_name = strcmp(one->name, other->name);
    return by_name ? by_name : compare_places(one, other);
}

static void sort(struct group_settings **groups, size_t count,
                 int (*compare)(const void *a, const void *b))
{
    if (count > 0)
        qsort(groups, count, sizeof(struct group_settings *), compare);
}

/* Supervisor takes the first group of a name, in its order, and is silent about others. */
static void sort_and_drop_duplicates(struct settings_reader *reader)
{
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    struct group_settings **groups = supervisor->groups;
    size_t count = supervisor->group_count, kept = 0;
    sort(groups, count, compare_by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(groups[kept - 1]->name, groups[i]->name) != 0) {
            groups[kept++] = groups[i];
            continue;
        }
        settings_warn(reader->settings,
                      mem_printf("the group %s is there twice: the one of priority %lld is ignored",
                                 groups[i]->name, (long long)groups[i]->priority));
        group_settings_release(groups[i]);
    }
    supervisor->group_count = kept;
    sort(groups, kept, compare_groups);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two processes of one name in one group could not be told apart. */
static int check_process_names(struct settings_reader *reader, const struct group_settings *group)
{
    size_t count = 0;
    const char **names = NULL;
    for (size_t p = 0; p < group->program_count; p++) {
        const struct program_entry *program = &group->programs[p];
        names = mem_resize(names, count + program->process_count + 1, sizeof *names);
        for (size_t i = 0; i < program->process_count; i++)
            names[count++] = program->processes[i].name;
    }
    if (count > 0)
        qsort(names, count, sizeof *names, compare_texts);
    int result = 0;
    for (size_t i = 1; i < count && result == 0; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            result = err_set(reader->err, ERR_INVALID,
                             "%s: the group %s has two processes called %s; give one another "
                             "process_name",
                             reader->settings->file, group->name, names[i]);
    free(names);
    return result;
}

static int load_all(struct groups_loader *loader)
{
    const struct ini *ini = loader->reader->ini;
    for (size_t i = 0; i < ini->section_count; i++)
        if (has_prefix(&ini->sections[i], GROUP_PREFIX) &&
            load_group(loader, &ini->sections[i]) < 0)
            return -1;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < ini->section_count; i++)
            if (has_prefix(&ini->sections[i], kinds[k].prefix) && !loader->is_grouped[i] &&
                load_single(loader->reader, &ini->sections[i], &kinds[k]) < 0)
                return -1;
    return 0;
}

int programs_load(struct settings_reader *reader)
{
    if (!reader->ini)
        return 0;
    struct groups_loader loader = {
        .reader = reader, .is_grouped = mem_new(reader->ini->section_count + 1, sizeof(bool))};
    int result = load_all(&loader);
    free(loader.is_grouped);
    if (result < 0)
        return -1;
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    sort_and_drop_duplicates(reader);
    for (size_t i = 0; i < supervisor->group_count && result == 0; i++)
        result = check_process_names(reader, supervisor->groups[i]);
    return result < 0 ? -1 : programs_check_dependencies(reader);
}
