/* SPDX-License-Identifier: MIT */
#include "supervisor/control/rpc_info.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/users.h"
#include "supervisor/master.h"
#include "supervisor/programs/description.h"
#include "supervisor/programs/select.h"

#define DESCRIPTION_MAX 8192
#define NOTHING         "none"
#define AUTOMATIC       "auto"

/* Of XML-RPC's integers; after that the clock stands still for its clients. */
static int64_t seconds(int64_t wall_ms)
{
    int64_t value = wall_ms / 1000;
    return value > INT32_MAX ? INT32_MAX : value;
}

static const char *log_path(const struct program *program, enum stream stream, char *room)
{
    const char *path = program_log_path(program, stream, room);
    return path ? path : "";
}

static void put_process(struct rpc *rpc, const struct program *program, int64_t now_ms)
{
    char room[LOG_PATH_SIZE];
    struct buf description;
    buf_init(&description, DESCRIPTION_MAX);
    description_put(program, now_ms, &description);
    xmlrpc_begin_struct(rpc_out(rpc));
    rpc_put_text(rpc, "name", program->process->name);
    rpc_put_text(rpc, "group", program_group_name(program->group));
    rpc_put_integer(rpc, "start", seconds(program->started_wall_ms));
    rpc_put_integer(rpc, "stop", seconds(program->stopped_wall_ms));
    rpc_put_integer(rpc, "now", seconds(now_ms));
    rpc_put_integer(rpc, "state", lifecycle_number(program->state));
    rpc_put_text(rpc, "statename", lifecycle_name(program->state));
    rpc_put_text(rpc, "spawnerr", program->spawn_error ? program->spawn_error : "");
    rpc_put_integer(rpc, "exitstatus", program->exit_status);
    rpc_put_text(rpc, "logfile", log_path(program, STREAM_OUT, room));
    rpc_put_text(rpc, "stdout_logfile", log_path(program, STREAM_OUT, room));
    rpc_put_text(rpc, "stderr_logfile", log_path(program, STREAM_ERR, room));
    rpc_put_integer(rpc, "pid", program_pid(program));
    rpc_put_text(rpc, "description", buf_text(&description));
    xmlrpc_end_struct(rpc_out(rpc));
    buf_finish(&description);
}

enum rpc_outcome rpc_run_process_info(struct rpc *rpc)
{
    const struct program *program = rpc_program(rpc, 0);
    if (program)
        put_process(rpc, program, clock_wall_ms(rpc_master(rpc)->host.clock));
    return RPC_DONE;
}

static int compare_programs(const void *a, const void *b)
{
    const struct program *one = *(struct program *const *)a, *other = *(struct program *const *)b;
    int groups = strcmp(program_group_name(one->group), program_group_name(other->group));
    return groups ? groups : strcmp(one->process->name, other->process->name);
}

enum rpc_outcome rpc_run_all_process_info(struct rpc *rpc)
{
    struct program_list list = {0};
    int64_t now_ms = clock_wall_ms(rpc_master(rpc)->host.clock);
    programs_select(&rpc_master(rpc)->programs, "all", &list, NULL);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof(struct program *), compare_programs);
    xmlrpc_begin_array(rpc_out(rpc));
    for (size_t i = 0; i < list.count; i++)
        put_process(rpc, list.items[i], now_ms);
    xmlrpc_end_array(rpc_out(rpc));
    program_list_finish(&list);
    return RPC_DONE;
}

/* Configurations */

struct row {
    size_t place;
    const struct group_settings *group;
    const struct program_settings *program;
    const struct process_settings *process;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    int names = strcmp(one->process->name, other->process->name);
    return names ? names : (one->place > other->place) - (one->place < other->place);
}

static void put_uid(struct rpc *rpc, const char *user)
{
    uid_t uid;
    gid_t gid;
    struct err err = ERR_INIT;
    if (user[0] && user_find(user, &uid, &gid, &err) == 0)
        rpc_put_integer(rpc, "uid", uid);
    else
        rpc_put_text(rpc, "uid", NOTHING);
}

static void put_exit_codes(struct rpc *rpc, const struct exit_codes *codes)
{
    xmlrpc_put_name(rpc_out(rpc), "exitcodes");
    xmlrpc_begin_array(rpc_out(rpc));
    for (int code = 0; code < 256; code++)
        if (exit_codes_have(codes, code))
            xmlrpc_put_integer(rpc_out(rpc), code);
    xmlrpc_end_array(rpc_out(rpc));
    xmlrpc_end_name(rpc_out(rpc));
}

/* Where an AUTO log is shows only in a process that is there. */
static const char *configured_log(const struct program *active,
                                  const struct process_settings *process, enum stream stream,
                                  char *room)
{
    const char *configured = process->logfiles[stream];
    if (strcmp(configured, KEY_LOG_NONE) == 0)
        return NOTHING;
    if (strcmp(configured, KEY_LOG_AUTO) != 0)
        return configured;
    const char *path = active ? program_log_path(active, stream, room) : NULL;
    return path ? path : AUTOMATIC;
}

static void put_stream(struct rpc *rpc, const struct row *row, const struct program *active,
                       enum stream stream)
{
    static const char *const names[][6] = {
        {"stdout_capture_maxbytes", "stdout_events_enabled", "stdout_logfile",
         "stdout_logfile_backups", "stdout_logfile_maxbytes", "stdout_syslog"},
        {"stderr_capture_maxbytes", "stderr_events_enabled", "stderr_logfile",
         "stderr_logfile_backups", "stderr_logfile_maxbytes", "stderr_syslog"},
    };
    char room[LOG_PATH_SIZE];
    const struct stream_settings *settings = &row->program->streams[stream];
    const char *const *name = names[stream];
    rpc_put_integer(rpc, name[0], settings->capture_maxbytes);
    rpc_put_boolean(rpc, name[1], settings->events);
    rpc_put_text(rpc, name[2], configured_log(active, row->process, stream, room));
    rpc_put_integer(rpc, name[3], settings->backups);
    rpc_put_integer(rpc, name[4], settings->maxbytes);
    rpc_put_boolean(rpc, name[5], settings->syslog);
}

static void put_life(struct rpc *rpc, const struct program_settings *program)
{
    put_uid(rpc, program->user);
    put_exit_codes(rpc, &program->exitcodes);
    rpc_put_boolean(rpc, "autostart", program->autostart);
    rpc_put_boolean(rpc, "killasgroup", program->killasgroup);
    rpc_put_integer(rpc, "process_prio", program->priority);
    rpc_put_boolean(rpc, "redirect_stderr", program->redirect_stderr);
    rpc_put_integer(rpc, "startretries", program->startretries);
    rpc_put_integer(rpc, "startsecs", program->startsecs / 1000);
    rpc_put_integer(rpc, "stopsignal", program->stopsignal);
    rpc_put_integer(rpc, "stopwaitsecs", program->stopwaitsecs / 1000);
}

static bool is_automatic(const char *serverurl)
{
    return !serverurl[0] || strcasecmp(serverurl, "AUTO") == 0;
}

static void put_configuration(struct rpc *rpc, const struct row *row)
{
    const struct program_group *group =
        programs_group(&rpc_master(rpc)->programs, row->group->name);
    const struct program *active = group ? program_group_find(group, row->process->name) : NULL;
    const char *serverurl = row->program->serverurl;
    xmlrpc_begin_struct(rpc_out(rpc));
    rpc_put_text(rpc, "name", row->process->name);
    rpc_put_text(rpc, "group", row->group->name);
    rpc_put_integer(rpc, "group_prio", row->group->priority);
    rpc_put_boolean(rpc, "inuse", group != NULL);
    rpc_put_text(rpc, "command", row->process->command);
    rpc_put_text(rpc, "directory", row->process->directory[0] ? row->process->directory : NOTHING);
    rpc_put_text(rpc, "serverurl", is_automatic(serverurl) ? NOTHING : serverurl);
    put_life(rpc, row->program);
    put_stream(rpc, row, active, STREAM_OUT);
    put_stream(rpc, row, active, STREAM_ERR);
    xmlrpc_end_struct(rpc_out(rpc));
}

static size_t add_rows(struct row **rows, size_t count, const struct group_settings *group)
{
    for (size_t p = 0; p < group->program_count; p++) {
        const struct program_entry *program = &group->programs[p];
        *rows = mem_resize(*rows, count + program->process_count + 1, sizeof **rows);
        for (size_t i = 0; i < program->process_count; i++, count++)
            (*rows)[count] = (struct row){count, group, program->settings, &program->processes[i]};
    }
    return count;
}

enum rpc_outcome rpc_run_all_config_info(struct rpc *rpc)
{
    const struct programs *programs = &rpc_master(rpc)->programs;
    struct row *rows = NULL;
    size_t count = 0;
    for (size_t i = 0; i < programs->available_count; i++)
        count = add_rows(&rows, count, programs->available[i]);
    if (count > 0)
        qsort(rows, count, sizeof *rows, compare_rows);
    xmlrpc_begin_array(rpc_out(rpc));
    for (size_t i = 0; i < count; i++)
        put_configuration(rpc, &rows[i]);
    xmlrpc_end_array(rpc_out(rpc));
    free(rows);
    return RPC_DONE;
}
