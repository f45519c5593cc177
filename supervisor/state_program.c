/* SPDX-License-Identifier: MIT */

/* What one program hands over: its life, its streams, what its listener has been told. */
#include "supervisor/state_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/auto_log.h"
#include "supervisor/programs/capture.h"
#include "supervisor/programs/fcgi_socket.h"
#include "supervisor/programs/hook.h"
#include "supervisor/programs/line_format.h"
#include "supervisor/programs/log_backlog.h"
#include "supervisor/programs/output_log.h"
#include "supervisor/programs/program_schedule.h"
#include "supervisor/programs/program_sockets.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/watch.h"
#include "supervisor/state_events.h"

static const char *const stream_names[] = {[STREAM_OUT] = "stdout", [STREAM_ERR] = "stderr"};

static char *copy_of(const cJSON *from, const char *name)
{
    const char *text = json_get_string(from, name, NULL);
    return text ? mem_strdup(text) : NULL;
}

/* Life */

#define ROW(member, kind) STATE_NUMBER(struct program, member, STATE_##kind)

static const struct state_number life[] = {
    ROW(was_started, BOOL),      ROW(ended_well, BOOL),       ROW(ran_out_of_memory, BOOL),
    ROW(exit_status, INT),       ROW(failures, UINT32),       ROW(since_ms, INT64),
    ROW(pause_ms, INT64),        ROW(started_ms, INT64),      ROW(restarts_paid_ms, INT64),
    ROW(started_wall_ms, INT64), ROW(stopped_wall_ms, INT64), {.name = NULL},
};

static void save_life(struct program *program, struct state_out *out, cJSON *into)
{
    (void)out;
    state_put_numbers(into, life, program);
    cJSON_AddBoolToObject(into, "waits", program->want != WANT_NOTHING);
    if (program->spawn_error)
        json_put_text(into, "spawn_error", program->spawn_error);
}

static void load_life(struct program *program, struct state_in *in, const cJSON *from)
{
    (void)in;
    state_get_numbers(from, life, program);
    if (json_get_bool(from, "waits", false))
        program->want = WANT_WAITS; /* for what, shows when it is looked at */
    program->spawn_error = copy_of(from, "spawn_error");
}

/* Streams */

static void save_capture(const struct capture *capture, struct state_out *out, cJSON *into)
{
    if (!capture)
        return;
    cJSON_AddBoolToObject(into, "inside", capture->inside);
    json_put_number(into, "matched", (double)capture->matched);
    state_put_bytes(out, into, "captured", buf_text(&capture->data), capture->data.length);
}

static void load_capture(struct capture *capture, struct state_in *in, const cJSON *from)
{
    size_t length;
    const char *data = state_bytes(in, from, "captured", &length);
    if (!capture)
        return;
    capture->inside = json_get_bool(from, "inside", false);
    capture->matched = (size_t)json_get_integer(from, "matched", 0);
    if (data)
        buf_append(&capture->data, data, length);
}

static void save_line(struct output *output, struct state_out *out, cJSON *into)
{
    const struct line_format *format = output_log_format(output);
    if (!format)
        return;
    cJSON_AddBoolToObject(into, "inside_line", format->is_inside);
    state_put_bytes(out, into, "line", buf_text(&format->line), format->line.length);
}

static void load_line(struct output *output, struct state_in *in, const cJSON *from)
{
    struct line_format *format = output_log_format(output);
    size_t length;
    const char *line = state_bytes(in, from, "line", &length);
    if (!format)
        return;
    format->is_inside = json_get_bool(from, "inside_line", false);
    if (line)
        buf_append(&format->line, line, length);
}

static void save_output(struct output *output, struct state_out *out, cJSON *into)
{
    state_put_fd(out, into, "pipe", output->watch.fd);
    state_put_fd(out, into, "log", output->file.fd);
    json_put_number(into, "ansi", output->ansi);
    json_put_number(into, "lost", (double)output->file.lost);
    save_capture(output->capture, out, into);
    save_line(output, out, into);
    if (output->file.backlog) {
        const struct buf *waiting = log_backlog_waiting(output->file.backlog);
        state_put_bytes(out, into, "waiting", buf_text(waiting), waiting->length);
    }
}

static void load_output(struct output *output, struct state_in *in, const cJSON *from)
{
    size_t length;
    const char *waiting = state_bytes(in, from, "waiting", &length);
    int pipe = state_take_fd(in, from, "pipe"), log = state_take_fd(in, from, "log");
    output_resume(output, pipe, log, waiting, length);
    output->ansi = (enum ansi_state)json_get_integer(from, "ansi", ANSI_TEXT);
    output->file.lost += (uint64_t)json_get_integer(from, "lost", 0);
    load_capture(output->capture, in, from);
    load_line(output, in, from);
}

static void save_streams(struct program *program, struct state_out *out, cJSON *into)
{
    const struct buf *waiting = input_waiting(&program->input);
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        cJSON *object = cJSON_AddObjectToObject(into, stream_names[stream]);
        save_output(&program->outputs[stream], out, object);
        if (program->auto_names[stream][0]) {
            char letters[AUTO_LETTERS + 1] = {0};
            memcpy(letters, program->auto_names[stream], AUTO_LETTERS);
            json_put_text(object, "letters", letters);
        }
    }
    state_put_fd(out, into, "stdin", program->input.fd);
    if (waiting)
        state_put_bytes(out, into, "stdin_waiting", buf_text(waiting), waiting->length);
}

static void load_input(struct program *program, struct state_in *in, const cJSON *from)
{
    size_t length;
    const char *waiting = state_bytes(in, from, "stdin_waiting", &length);
    int fd = state_take_fd(in, from, "stdin");
    if (fd < 0)
        return;
    input_open(&program->input, fd);
    if (waiting)
        input_write(&program->input, program->host->host->loop, waiting, length, NULL);
}

static void load_streams(struct program *program, struct state_in *in, const cJSON *from)
{
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        const cJSON *object = json_get(from, stream_names[stream]);
        const char *letters = json_get_string(object, "letters", "");
        if (strlen(letters) == AUTO_LETTERS)
            memcpy(program->auto_names[stream], letters, AUTO_LETTERS);
        load_output(&program->outputs[stream], in, object);
    }
    auto_log_make(program); /* where there is none yet */
    load_input(program, in, from);
}

/* What it has of its group */

static void save_share(struct program *program, struct state_out *out, cJSON *into)
{
    (void)out;
    cJSON_AddBoolToObject(into, "socket", program->holds_socket);
}

static void load_share(struct program *program, struct state_in *in, const cJSON *from)
{
    (void)in;
    struct fcgi_socket *socket = program->group->socket;
    program->holds_socket =
        json_get_bool(from, "socket", false) && socket && fcgi_socket_hold(socket, NULL) == 0;
}

static void save_listener(struct program *program, struct state_out *out, cJSON *into)
{
    if (program->listener)
        state_save_listener(program->listener, out, into);
}

static void load_listener(struct program *program, struct state_in *in, const cJSON *from)
{
    if (program->listener)
        state_load_listener(program->listener, in, from);
}

static void save_schedule(struct program *program, struct state_out *out, cJSON *into)
{
    (void)out;
    if (!program->schedule)
        return;
    json_put_number(into, "next_ms", (double)program_schedule_next(program->schedule));
    cJSON_AddBoolToObject(into, "waits", program_schedule_waits(program->schedule));
}

static void load_schedule(struct program *program, struct state_in *in, const cJSON *from)
{
    (void)in;
    if (program->schedule && json_get(from, "next_ms"))
        program_schedule_resume(program, json_get_integer(from, "next_ms", 0),
                                json_get_bool(from, "waits", false));
}

/* Whether it is ready and well */

#define WATCH_ROW(member, kind) STATE_NUMBER(struct program_watch, member, STATE_##kind)

static const struct state_number watch_rows[] = {
    WATCH_ROW(looks, UINT32),
    WATCH_ROW(failures, UINT32),
    WATCH_ROW(was_looked_at, BOOL),
    WATCH_ROW(ended_count, UINT32),
    {.name = NULL},
};

static void save_watch(struct program *program, struct state_out *out, cJSON *into)
{
    const struct program_watch *watch = program->watch;
    if (!watch)
        return;
    state_put_numbers(into, watch_rows, watch);
    state_put_fd(out, into, "ready", watch->ready_read);
    json_put_number(into, "verdict", watch->verdict);
    json_put_text(into, "complaint", watch->complaint);
    json_put_text(into, "reason", watch->reason);
    json_put_text(into, "status", watch->status);
}

static void load_watch(struct program *program, struct state_in *in, const cJSON *from)
{
    struct program_watch *watch = program->watch;
    watch_restore(program, state_take_fd(in, from, "ready"));
    if (!watch)
        return;
    state_get_numbers(from, watch_rows, watch);
    watch->verdict = (enum watch_verdict)json_get_integer(from, "verdict", WATCH_FINE);
    watch->complaint = copy_of(from, "complaint");
    watch->reason = copy_of(from, "reason");
    snprintf(watch->status, sizeof watch->status, "%s", json_get_string(from, "status", ""));
}

bool state_program_is_settled(const struct program *program)
{
    return !hook_any_runs(program);
}

/* A part that somebody adds to a program has its row here. */
static const struct program_part parts[] = {
    {"life", save_life, load_life},
    {"streams", save_streams, load_streams},
    {"share", save_share, load_share},
    {"listener", save_listener, load_listener},
    {"schedule", save_schedule, load_schedule},
    {"watch", save_watch, load_watch},
};

#define PART_COUNT (sizeof parts / sizeof parts[0])

void state_save_program(struct program *program, struct state_out *out, cJSON *into)
{
    json_put_text(into, "name", program->process->name);
    json_put_number(into, "state", lifecycle_number(program->state));
    json_put_number(into, "pid", program_pid(program));
    if (program->child.is_stranger)
        state_put_fd(out, into, "stranger", program->child.pidfd);
    for (size_t i = 0; i < PART_COUNT; i++)
        parts[i].save(program, out, cJSON_AddObjectToObject(into, parts[i].name));
}

void state_load_program(struct program *program, struct state_in *in, const cJSON *from)
{
    int stranger = state_take_fd(in, from, "stranger");
    if (stranger >= 0 && !program->child.is_stranger) {
        program->child.pidfd = stranger;
        program->child.is_stranger = true;
    } else {
        fd_close(&stranger);
    }
    for (size_t i = 0; i < PART_COUNT; i++)
        parts[i].load(program, in, json_get(from, parts[i].name));
    program_resume(program, lifecycle_of_number(json_get_integer(from, "state", 0)),
                   (pid_t)json_get_integer(from, "pid", 0));
    watch_resume(program);
    program_sockets_note_state(program);
}
