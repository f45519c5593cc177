/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/description.h"

#include <string.h>
#include <time.h>

#include "supervisor/programs/program.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/program_schedule.h"
#include "supervisor/programs/programs.h"
#include "supervisor/programs/watch.h"

#define DESCRIPTION_MAX 4096

/* As Python writes a time that has passed. */
static void put_passed(struct buf *out, int64_t seconds)
{
    int64_t days = seconds / 86400;
    if (days > 0)
        buf_printf(out, "%lld day%s, ", (long long)days, days == 1 ? "" : "s");
    buf_printf(out, "%d:%02d:%02d", (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
               (int)(seconds % 60));
}

static void put_when(struct buf *out, int64_t wall_ms)
{
    char text[40];
    struct tm when;
    time_t seconds = (time_t)(wall_ms / 1000);
    localtime_r(&seconds, &when);
    strftime(text, sizeof text, "%b %d %I:%M %p", &when);
    buf_text_append(out, text);
}

void description_put(const struct program *program, int64_t now_wall_ms, struct buf *out)
{
    int64_t seconds = now_wall_ms / 1000 - program->started_wall_ms / 1000;
    switch (program->state) {
    case PROCESS_RUNNING:
        buf_printf(out, "pid %d, uptime ", (int)program_pid(program));
        put_passed(out, seconds > 0 ? seconds : 0);
        watch_put_words(program, out);
        break;
    case PROCESS_STARTING:
        if (!watch_decides(program))
            break;
        buf_printf(out, "pid %d", (int)program_pid(program));
        watch_put_words(program, out);
        break;
    case PROCESS_FATAL:
    case PROCESS_BACKOFF:
        if (program->waits_for)
            buf_printf(out, "waits for %s; ", program->waits_for);
        if (program->spawn_error)
            buf_text_append(out, program->spawn_error);
        else
            buf_printf(out, "unknown error (try \"tail %s\")", program->process->name);
        break;
    case PROCESS_STOPPED:
    case PROCESS_EXITED:
        if (program->waits_for)
            buf_printf(out, "waits for %s; ", program->waits_for);
        if (program->started_wall_ms > 0)
            put_when(out, program->stopped_wall_ms);
        else
            buf_text_append(out, "Not started");
        if (program->ran_out_of_memory)
            buf_text_append(out, ", out of memory");
        break;
    default:
        break;
    }
    int64_t next_ms = program_schedule_next(program->schedule);
    if (next_ms > 0) {
        buf_text_append(out, ", next run ");
        put_when(out, next_ms);
    }
}

static void put_log(cJSON *object, const char *name, const struct program *program,
                    enum stream stream)
{
    char room[LOG_PATH_SIZE];
    json_put_text(object, name, program_log_path(program, stream, room));
}

cJSON *description_of_program(const struct program *program, int64_t now_wall_ms)
{
    cJSON *object = cJSON_CreateObject();
    struct buf text;
    buf_init(&text, DESCRIPTION_MAX);
    description_put(program, now_wall_ms, &text);
    pid_t pid = program_pid(program);
    cJSON_AddStringToObject(object, "group", program_group_name(program->group));
    cJSON_AddStringToObject(object, "name", program->process->name);
    cJSON_AddStringToObject(object, "state", lifecycle_name(program->state));
    cJSON_AddNumberToObject(object, "state_number", lifecycle_number(program->state));
    cJSON_AddStringToObject(object, "description", buf_text(&text));
    if (pid > 0)
        cJSON_AddNumberToObject(object, "pid", pid);
    else
        cJSON_AddNullToObject(object, "pid");
    json_put_time(object, "started_at", program->started_wall_ms);
    json_put_time(object, "stopped_at", program->stopped_wall_ms);
    json_put_time(object, "next_run_at", program_schedule_next(program->schedule));
    cJSON_AddNumberToObject(object, "exit_status", program->exit_status);
    json_put_text(object, "error", program->spawn_error);
    cJSON_AddBoolToObject(object, "out_of_memory", program->ran_out_of_memory);
    cJSON_AddNumberToObject(object, "failures", program->failures);
    watch_describe(program, object);
    json_put_text(object, "waits_for", program->waits_for);
    put_log(object, "stdout_logfile", program, STREAM_OUT);
    put_log(object, "stderr_logfile", program, STREAM_ERR);
    cJSON_AddNumberToObject(
        object, "lost_output",
        (double)(program->outputs[STREAM_OUT].file.lost + program->outputs[STREAM_ERR].file.lost));
    cJSON_AddBoolToObject(object, "changing", program->change != NULL);
    buf_finish(&text);
    return object;
}

void description_add_available(const struct programs *programs, const struct group_settings *group,
                               cJSON *list)
{
    bool is_active = programs_group(programs, group->name) != NULL;
    for (size_t p = 0; p < group->program_count; p++) {
        const struct program_entry *program = &group->programs[p];
        for (size_t i = 0; i < program->process_count; i++) {
            cJSON *object = cJSON_CreateObject();
            cJSON_AddStringToObject(object, "group", group->name);
            cJSON_AddStringToObject(object, "name", program->processes[i].name);
            cJSON_AddBoolToObject(object, "active", is_active);
            cJSON_AddBoolToObject(object, "autostart", program->settings->autostart);
            cJSON_AddNumberToObject(object, "group_priority", (double)group->priority);
            cJSON_AddNumberToObject(object, "priority", (double)program->settings->priority);
            cJSON_AddItemToArray(list, object);
        }
    }
}
