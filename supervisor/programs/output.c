/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "supervisor/programs/capture.h"
#include "supervisor/programs/listener.h"
#include "supervisor/programs/output_log.h"
#include "supervisor/programs/payload.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/syslog.h"

/* Of one stream in one turn of the loop: a program that writes without end does not keep the others
 * waiting. */
#define READS_A_TURN 8
/* At its end, of what it had written: more than a pipe holds. */
#define READS_AT_END 16

static const char *const stream_names[] = {[STREAM_OUT] = "stdout", [STREAM_ERR] = "stderr"};

static const struct stream_settings *settings_of(const struct output *output)
{
    return &output->program->settings->streams[output->stream];
}

static void pause_reading(struct output *output)
{
    ev_io_stop(output->program->host->host->loop, &output->watch);
}

static void resume_reading(void *context)
{
    struct output *output = context;
    if (output->watch.fd >= 0)
        ev_io_start(output->program->host->host->loop, &output->watch);
}

static const char *tell_path(void *context, char *room)
{
    struct output *output = context;
    return program_log_path(output->program, output->stream, room);
}

/* What a listener writes to its standard output is said to us: it is logged, but makes no events.
 */
static bool is_protocol(const struct output *output)
{
    return output->program->listener && output->stream == STREAM_OUT;
}

/* Where output goes */

static void put_into_file(struct output *output, const char *bytes, size_t length)
{
    if (output_log_write(output, bytes, length) == LOG_BLOCKED)
        pause_reading(output);
}

static void put_into_main_log(struct output *output, const char *bytes, size_t length)
{
    log_write(LOG_DEBUG, "'%s' %s output: %.*s", output->program->process->name,
              stream_names[output->stream], (int)(length < 4096 ? length : 4096), bytes);
}

static void put_event(struct output *output, const char *bytes, size_t length)
{
    enum event_type type =
        output->stream == STREAM_OUT ? EVENT_PROCESS_LOG_STDOUT : EVENT_PROCESS_LOG_STDERR;
    if (event_wanted(&output->program->host->bus, type))
        payload_notify_output(output->program, type, stream_names[output->stream], bytes, length);
}

/* What stands outside of tokens, or all of it. */
static void put(void *context, const char *bytes, size_t length)
{
    struct output *output = context;
    struct program_host *host = output->program->host;
    if (host->strips_ansi) {
        length = ansi_strip(&output->ansi, bytes, length, host->clean_buffer);
        bytes = host->clean_buffer;
    }
    if (length == 0)
        return;
    put_into_file(output, bytes, length);
    if (is_protocol(output))
        return;
    if (settings_of(output)->syslog)
        syslog_lines(output->program->process->name, bytes, length);
    if (log_enabled(LOG_DEBUG))
        put_into_main_log(output, bytes, length);
    if (settings_of(output)->events)
        put_event(output, bytes, length);
}

static void put_captured(void *context, const char *bytes, size_t length)
{
    struct output *output = context;
    enum event_type type = output->stream == STREAM_OUT ? EVENT_PROCESS_COMMUNICATION_STDOUT
                                                        : EVENT_PROCESS_COMMUNICATION_STDERR;
    if (event_wanted(&output->program->host->bus, type))
        payload_notify_output(output->program, type, NULL, bytes, length);
    log_write(LOG_DEBUG, "'%s' %s emitted a comm event", output->program->process->name,
              stream_names[output->stream]);
}

static struct capture_sink sink_of(struct output *output)
{
    return (struct capture_sink){.outside = put, .captured = put_captured, .context = output};
}

static void take(struct output *output, const char *bytes, size_t length)
{
    const struct capture_sink sink = sink_of(output);
    if (output->capture)
        capture_feed(output->capture, bytes, length, &sink);
    else
        put(output, bytes, length);
    if (is_protocol(output))
        listener_hear(output->program->listener, bytes, length);
}

/* Reading */

static void end_reading(struct output *output)
{
    const struct capture_sink sink = sink_of(output);
    int fd = output->watch.fd;
    pause_reading(output);
    fd_close(&fd);
    ev_io_set(&output->watch, -1, EV_READ);
    if (output->capture)
        capture_end(output->capture, &sink);
}

/* A read that brings less than this has emptied the pipe, in all likelihood. */
#define WORTH_ANOTHER_READ 16384

enum read_result { READ_MUCH, READ_LITTLE, READ_PAUSED, READ_NOTHING, READ_ENDED };

static enum read_result read_once(struct output *output)
{
    char *buffer = output->program->host->buffer;
    ssize_t length = read(output->watch.fd, buffer, OUTPUT_BUFFER_SIZE);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? READ_NOTHING : READ_ENDED;
    if (length == 0)
        return READ_ENDED;
    take(output, buffer, (size_t)length);
    if (!ev_is_active(&output->watch))
        return READ_PAUSED;
    return length >= WORTH_ANOTHER_READ ? READ_MUCH : READ_LITTLE;
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct output *output = watch->data;
    enum read_result result = READ_MUCH;
    for (int reads = 0; reads < READS_A_TURN && result == READ_MUCH; reads++)
        result = read_once(output);
    if (result == READ_ENDED)
        end_reading(output);
}

void output_drain(struct output *output)
{
    enum read_result result = ev_is_active(&output->watch) ? READ_MUCH : READ_NOTHING;
    for (int reads = 0; reads < READS_AT_END && result <= READ_LITTLE; reads++)
        result = read_once(output);
    if (result == READ_ENDED)
        end_reading(output);
}

/* Opening and closing */

void output_init(struct output *output, struct program *program, enum stream stream)
{
    output->program = program;
    output->stream = stream;
    output->file.fd = -1;
    ev_io_init(&output->watch, on_readable, -1, EV_READ);
    output->watch.data = output;
}

static int open_log(struct output *output, struct err *err)
{
    char room[LOG_PATH_SIZE];
    const char *path = tell_path(output, room);
    if (!path)
        return 0;
    if (log_file_open(&output->file, path, output->program->host->host->loop, resume_reading,
                      output, err) < 0)
        return -1;
    output_log_begin(output);
    return 0;
}

static void begin_reading(struct output *output, int fd)
{
    const struct stream_settings *settings = settings_of(output);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (settings->capture_maxbytes > 0 && !is_protocol(output))
        output->capture = capture_create((size_t)settings->capture_maxbytes);
    output->ansi = ANSI_TEXT;
    ev_io_set(&output->watch, fd, EV_READ);
    ev_io_start(output->program->host->host->loop, &output->watch);
}

int output_open(struct output *output, int fd, struct err *err)
{
    if (open_log(output, err) < 0) {
        close(fd);
        return -1;
    }
    begin_reading(output, fd);
    return 0;
}

void output_resume(struct output *output, int fd, int log, const char *waiting, size_t length)
{
    struct ev_loop *loop = output->program->host->host->loop;
    const struct log_rotation never = {0};
    const struct log_name name = {tell_path, output};
    if (log >= 0) {
        log_file_resume(&output->file, log, loop, resume_reading, output);
        output_log_begin(output);
    }
    if (fd >= 0)
        begin_reading(output, fd);
    if (log_file_write(&output->file, &name, &never, waiting, length) == LOG_BLOCKED)
        pause_reading(output);
}

void output_close(struct output *output)
{
    if (output->watch.fd >= 0)
        end_reading(output);
    capture_destroy(output->capture);
    output->capture = NULL;
    output_log_end(output);
    log_file_close(&output->file);
}

void output_move(struct output *output)
{
    struct err err = ERR_INIT;
    if (output->watch.fd < 0)
        return;
    output_log_end(output);
    log_file_close(&output->file);
    if (open_log(output, &err) < 0)
        log_write(LOG_ERROR, "%s", err.text);
    resume_reading(output); /* a slow reader of the old one holds up nobody any more */
}

void output_reopen(struct output *output)
{
    struct err err = ERR_INIT;
    char room[LOG_PATH_SIZE];
    if (output->file.fd < 0)
        return;
    const char *path = tell_path(output, room);
    if (log_file_reopen(&output->file, path, &err) < 0)
        log_write(LOG_ERROR, "%s", err.text);
    output_log_made(output);
}

int output_clear(struct output *output, struct err *err)
{
    char room[LOG_PATH_SIZE];
    if (output->file.fd < 0)
        return 0;
    int result = log_file_clear(&output->file, tell_path(output, room), err);
    output_log_made(output);
    return result;
}
