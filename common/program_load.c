/* SPDX-License-Identifier: MIT */

/* One section of a program: its shared values, and those of each of its processes. */
#include "common/program_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/check.h"
#include "common/command.h"
#include "common/env_file.h"
#include "common/mem.h"
#include "common/settings_document.h"
#include "common/socket_list.h"

/* Names for expansion, the first of equal ones counts, and the texts behind them. */
struct name_list {
    struct ini_variable *items;
    size_t count;
    struct arena texts;
};

static void add_name(struct name_list *names, const char *name, const char *value, bool is_number)
{
    names->items = mem_resize(names->items, names->count + 1, sizeof *names->items);
    names->items[names->count++] = (struct ini_variable){
        .name = arena_strndup(&names->texts, name, strlen(name)),
        .value = arena_strndup(&names->texts, value, strlen(value)),
        .is_number = is_number,
    };
}

static void add_number(struct name_list *names, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    add_name(names, name, text, true);
}

/* ENV_X for each X=value, the last of equal ones first. */
static void add_environment(struct name_list *names, const char *environment)
{
    char **pairs = command_environment(environment, NULL);
    size_t count = 0;
    while (pairs && pairs[count])
        count++;
    while (count-- > 0) {
        char *equals = strchr(pairs[count], '=');
        *equals = '\0';
        char *name = mem_printf("ENV_%s", pairs[count]);
        add_name(names, name, equals + 1, false);
        free(name);
    }
    command_free(pairs);
}

static void finish_names(struct name_list *names)
{
    free(names->items);
    arena_finish(&names->texts);
}

static struct settings_names given(const struct name_list *names)
{
    return (struct settings_names){names->items, names->count};
}

static int refuse(const struct program_source *source, const char *key, const char *text)
{
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID, "%s: %s", key, text);
    return settings_refuse(source->reader, source->section, key, &cause);
}

/* Once for all processes of a program. */
static void warn(const struct program_source *source, const struct program_section *rows,
                 const char *key, const char *text)
{
    if (rows->entry->process_count > 0)
        return;
    const struct ini_section *section = source->section;
    const struct ini_key *place = ini_key(section, key);
    settings_warn(source->reader->settings,
                  mem_printf("%s:%d: [%s] %s: %s", place ? place->file : section->file,
                             place ? place->line : section->line, section->name, key, text));
}

/* What the processes of a program share */

static int apply_shared(const struct program_source *source, struct program_section *rows,
                        const struct name_list *names)
{
    const struct settings_names expandable = given(names);
    for (size_t i = 0; i < source->section->key_count; i++) {
        const struct ini_key *key = &source->section->keys[i];
        const struct key *row = keys_find(&settings_program_table, key->name);
        bool is_extra = source->extra && keys_find(source->extra, key->name);
        if (is_extra && settings_apply_key(source->reader, source->extra, source->extra_values,
                                           source->section, key, &expandable) < 0)
            return -1;
        if ((row && program_key_is_of_process(row)) || (!row && is_extra))
            continue;
        if (settings_apply_key(source->reader, &settings_program_table, rows, source->section, key,
                               &expandable) < 0)
            return -1;
    }
    return 0;
}

/* What is started at its times is not kept running unless it says so, and may be short. */
static void settle_schedule(const struct program_source *source, struct program_settings *program)
{
    if (!program->schedule.when)
        return;
    if (!ini_key(source->section, "autostart"))
        program->autostart = false;
    if (!ini_key(source->section, "autorestart"))
        program->autorestart = AUTORESTART_NEVER;
    if (!ini_key(source->section, "startsecs"))
        program->startsecs = 0;
}

static int check_shared(const struct program_source *source, struct program_section *rows)
{
    struct program_settings *program = &rows->program;
    struct err cause = ERR_INIT;
    const struct ini_key *process_name = ini_key(source->section, "process_name");
    if (program_check_name(rows->entry->name, &cause) < 0)
        return settings_refuse(source->reader, source->section, "", &cause);
    if (!ini_key(source->section, "command"))
        return refuse(source, "command", "it is missing; write command = PROGRAM ARGUMENTS");
    if (!ini_key(source->section, "killasgroup"))
        program->killasgroup = program->stopasgroup;
    settle_schedule(source, program);
    if (program->schedule.overlap == SCHEDULE_OVERLAP_ALLOW && program->numprocs < 2)
        return refuse(source, "schedule_overlap",
                      "allow needs several processes: at most numprocs run at once; write numprocs "
                      "= 2 or more, or schedule_overlap = queue");
    if (program->socket_activation && !ini_key(source->section, "sockets"))
        return refuse(source, "socket_activation",
                      "there are no sockets; write sockets = "
                      "unix:///PATH or tcp://ADDRESS:PORT");
    if (program->socket_activation && !ini_key(source->section, "autostart"))
        program->autostart = false;
    if (program->stopasgroup && !program->killasgroup)
        return refuse(source, "killasgroup",
                      "it cannot be false where stopasgroup is true; take it out");
    if (program->numprocs > 1 && !(process_name && strstr(process_name->value, "%(process_num)")))
        return refuse(source, process_name ? "process_name" : "numprocs",
                      "several processes need different names; write process_name = "
                      "%(program_name)s_%(process_num)02d");
    return 0;
}

static int read_shared(const struct program_source *source, struct program_section *rows)
{
    struct name_list names = {0};
    const struct supervisord_settings *daemon = &source->reader->settings->supervisor.daemon;
    add_name(&names, "program_name", rows->entry->name, false);
    add_name(&names, "group_name", source->group, false);
    add_environment(&names, daemon->environment);
    int result = apply_shared(source, rows, &names);
    finish_names(&names);
    return result < 0 ? -1 : check_shared(source, rows);
}

/* What each has for itself */

/* The names of log files are expanded twice, as Supervisor does it. */
static char *process_value(const struct program_source *source, const struct key *row,
                           const struct name_list *names, struct err *err)
{
    const struct settings_names expandable = given(names);
    const struct ini_key *written = ini_key(source->section, row->name);
    struct ini_key key = {.name = row->name, .value = row->fallback, .file = source->section->file};
    char *text = settings_expand(source->reader, written ? written : &key, &expandable, err);
    if (!text || row->type != KEY_LOG_FILE)
        return text;
    key.value = text;
    char *again = settings_expand(source->reader, &key, &expandable, err);
    free(text);
    return again;
}

static int set_process_key(const struct program_source *source, struct program_section *rows,
                           const struct key *row, const struct name_list *names)
{
    struct err cause = ERR_INIT;
    char *text = process_value(source, row, names, &cause);
    int result = -1;
    if (text)
        result = keys_set_found(row, rows, text, &cause);
    else
        err_prefix(&cause, "%s", row->name);
    free(text);
    return result < 0 ? settings_refuse(source->reader, source->section, row->name, &cause) : 0;
}

static int set_process_keys(const struct program_source *source, struct program_section *rows,
                            struct name_list *names)
{
    const struct key *environment = keys_find(&settings_program_table, "environment");
    if (set_process_key(source, rows, environment, names) < 0)
        return -1;
    struct name_list all = {0};
    add_environment(&all, rows->process.environment);
    for (size_t i = 0; i < names->count; i++)
        add_name(&all, names->items[i].name, names->items[i].value, names->items[i].is_number);
    int result = 0;
    for (size_t i = 0; i < settings_program_table.key_count && result == 0; i++) {
        const struct key *row = &settings_program_table.keys[i];
        if (row != environment && program_key_is_of_process(row))
            result = set_process_key(source, rows, row, &all);
    }
    finish_names(&all);
    return result;
}

static void set_log(struct process_settings *process, enum stream stream, const char *meaning)
{
    free(process->logfiles[stream]);
    process->logfiles[stream] = mem_strdup(meaning);
}

/* The log file `syslog` is an old way of asking for stdout_syslog. */
static void settle_log(const struct program_source *source, struct program_section *rows,
                       enum stream stream)
{
    const char *key = stream == STREAM_OUT ? "stdout_logfile" : "stderr_logfile";
    const char *log = rows->process.logfiles[stream];
    struct stream_settings *settings = &rows->program.streams[stream];
    if (strcmp(log, KEY_LOG_SYSLOG) == 0) {
        warn(source, rows, key,
             "syslog is an old way to write stdout_syslog or stderr_syslog = true");
        settings->syslog = true;
        set_log(&rows->process, stream, KEY_LOG_NONE);
    } else if (strcmp(log, KEY_LOG_AUTO) == 0 && settings->maxbytes == 0) {
        warn(source, rows, key, "an AUTO log that is never rotated can fill the disk");
    }
}

static void settle_logs(const struct program_source *source, struct program_section *rows)
{
    settle_log(source, rows, STREAM_OUT);
    settle_log(source, rows, STREAM_ERR);
    if (!rows->program.redirect_stderr)
        return;
    const char *log = rows->process.logfiles[STREAM_ERR];
    if (strcmp(log, KEY_LOG_AUTO) != 0 && strcmp(log, KEY_LOG_NONE) != 0)
        warn(source, rows, "stderr_logfile", "it is not used where redirect_stderr is true");
    set_log(&rows->process, STREAM_ERR, KEY_LOG_NONE);
}

static void drop(void *context, char *pair)
{
    (void)context;
    free(pair);
}

/* They are read at each start: what is wrong now may be right then. */
static void try_files(const struct program_source *source, struct program_section *rows)
{
    const struct env_sink sink = {drop, NULL};
    const char *input = rows->process.stdin_file;
    struct err err = ERR_INIT;
    if (env_files_read(rows->process.env_file, &sink, &err) < 0)
        warn(source, rows, "env_file", err.text);
    err = (struct err)ERR_INIT;
    if (env_sources_read(rows->process.environment_from_file, &sink, &err) < 0)
        warn(source, rows, "environment_from_file", err.text);
    if (input && access(input, R_OK) < 0)
        warn(source, rows, "stdin_file", "it cannot be read now; until it can, no start succeeds");
}

static void try_limits(const struct program_source *source, struct program_section *rows)
{
    int64_t limit = rows->program.attributes.cpu_limit, thousand = 1000;
    char text[160];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (limit == 0)
        return;
    if (!cgroup_machine_has("cpu"))
        warn(source, rows, "cpu_limit",
             "it has no effect on this machine: no cgroup v2 with the cpu controller is mounted");
    if (processors > 0 && limit > processors * thousand) {
        snprintf(
            text, sizeof text,
            "it limits nothing: there are %ld processors here; per cent of one are written 50%%",
            processors);
        warn(source, rows, "cpu_limit", text);
    }
}

/* `ready = fd:N` is not one of the sockets. */
static int check_descriptors(const struct program_source *source,
                             const struct process_settings *process)
{
    struct check check = {0};
    struct socket_list list = {0};
    int result = 0;
    if (!process->ready || !process->sockets ||
        check_parse(process->ready, false, &check, NULL) < 0)
        return 0;
    socket_list_parse(process->sockets, &list, NULL);
    if (check.kind == CHECK_FD && check.fd < CHECK_FD_MIN + (int)list.count)
        result = refuse(source, "ready", "that descriptor is one of the sockets; write fd:20");
    check_finish(&check);
    return result;
}

static int read_process(const struct program_source *source, struct program_section *rows,
                        int64_t number)
{
    struct name_list names = {0};
    const struct supervisord_settings *daemon = &source->reader->settings->supervisor.daemon;
    add_name(&names, "program_name", rows->entry->name, false);
    add_name(&names, "group_name", source->group, false);
    add_number(&names, "process_num", number);
    add_number(&names, "numprocs", rows->program.numprocs);
    add_environment(&names, daemon->environment);
    int result = set_process_keys(source, rows, &names);
    finish_names(&names);
    if (result < 0)
        return -1;
    struct err cause = ERR_INIT;
    if (program_check_name(rows->process.name, &cause) < 0)
        return settings_refuse(source->reader, source->section, "process_name", &cause);
    settle_logs(source, rows);
    try_files(source, rows);
    try_limits(source, rows);
    return check_descriptors(source, &rows->process);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct process_settings *)a)->name,
                  ((const struct process_settings *)b)->name);
}

static int read_processes(const struct program_source *source, struct program_section *rows,
                          struct program_entry *entry)
{
    const struct program_settings *program = &rows->program;
    struct supervisor_settings *supervisor = &source->reader->settings->supervisor;
    supervisor->process_count += (size_t)program->numprocs;
    if (supervisor->process_count > PROCESSES_MAX)
        return refuse(source, "numprocs", "there are more than 20000 processes in all");
    entry->processes = mem_new((size_t)program->numprocs + 1, sizeof *entry->processes);
    for (int64_t i = 0; i < program->numprocs; i++) {
        int result = read_process(source, rows, program->numprocs_start + i);
        entry->processes[entry->process_count++] = rows->process;
        rows->process = (struct process_settings){0};
        if (result < 0)
            return -1;
    }
    qsort(entry->processes, entry->process_count, sizeof *entry->processes, compare_names);
    return 0;
}

/* Packed; the same as that of one of the last programs, where one of them has the same. */
static struct program_settings *share(struct settings_reader *reader, struct program_section *rows)
{
    for (size_t i = 0; i < PROGRAM_KINDS && reader->kinds[i]; i++)
        if (program_settings_equal(reader->kinds[i], &rows->program)) {
            reader->kinds[i]->holders++;
            return reader->kinds[i];
        }
    struct program_settings *settings = program_settings_pack(rows);
    reader->kinds[reader->kind_count++ % PROGRAM_KINDS] = settings;
    return settings;
}

int program_load(const struct program_source *source, struct program_entry *entry)
{
    struct program_section rows = {.entry = entry};
    const char *name = strchr(source->section->name, ':') + 1;
    *entry = (struct program_entry){.name = mem_strdup(name + strspn(name, " "))};
    keys_set_defaults(&settings_program_table, &rows);
    int result = read_shared(source, &rows);
    if (result == 0)
        result = read_processes(source, &rows, entry);
    entry->settings = share(source->reader, &rows);
    program_entry_pack(entry);
    keys_finish(&settings_program_table, &rows);
    return result;
}
