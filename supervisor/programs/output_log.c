/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/output_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/users.h"
#include "common/zone.h"
#include "supervisor/programs/line_format.h"
#include "supervisor/programs/program.h"

/* A piece of output is at most OUTPUT_BUFFER_SIZE; each of its bytes could be a line with a JSON
 * object around it. */
#define FORMATTED_MAX (OUTPUT_BUFFER_SIZE * 512ull)

struct output_log {
    struct line_format format;
    bool has_format;
    ev_periodic rotation; /* inactive where there are no times for it */
    struct cron times;
};

static const struct program_settings *settings_of(const struct output *output)
{
    return output->program->settings;
}

static const char *tell_path(void *context, char *room)
{
    struct output *output = context;
    return program_log_path(output->program, output->stream, room);
}

static struct log_rotation rotation_of(const struct output *output)
{
    const struct stream_settings *stream = &settings_of(output)->streams[output->stream];
    return (struct log_rotation){stream->maxbytes, stream->backups,
                                 settings_of(output)->logs.compress};
}

/* Files that are made */

static void report(const struct output *output, const char *what, const char *cause)
{
    char room[LOG_PATH_SIZE];
    log_write(LOG_ERROR, "cannot set the %s of the log file %s: %s", what,
              program_log_path(output->program, output->stream, room), cause);
}

void output_log_made(struct output *output)
{
    const struct log_settings *logs = &settings_of(output)->logs;
    struct err err = ERR_INIT;
    uid_t uid;
    gid_t gid;
    if (output->file.fd < 0 || output->file.size < 0)
        return;
    if (logs->mode >= 0 && fchmod(output->file.fd, (mode_t)logs->mode) < 0)
        report(output, "mode", strerror(errno));
    if (!logs->owner)
        return;
    if (owner_find(logs->owner, &uid, &gid, &err) < 0)
        report(output, "owner", err.text);
    else if (fchown(output->file.fd, uid, gid) < 0)
        report(output, "owner", strerror(errno));
}

static void note_rotation(struct output *output)
{
    char room[LOG_PATH_SIZE];
    const struct log_rotation rotation = rotation_of(output);
    output_log_made(output);
    if (rotation.compress)
        compressor_rotated(&output->program->host->compressor, tell_path(output, room),
                           rotation.backups);
}

/* Rotation at its times */

static void arm_rotation(struct output *output)
{
    struct ev_loop *loop = output->program->host->host->loop;
    struct output_log *log = output->log;
    int64_t now = clock_wall_ms(output->program->host->host->clock);
    int64_t next = zone_next("", &log->times, now);
    ev_periodic_stop(loop, &log->rotation);
    if (next < 0)
        return;
    ev_periodic_set(&log->rotation, (double)next / 1000., 0., NULL);
    ev_periodic_start(loop, &log->rotation);
}

static void on_rotation(struct ev_loop *loop, ev_periodic *timer, int events)
{
    (void)loop, (void)events;
    struct output *output = timer->data;
    const struct log_rotation rotation = rotation_of(output);
    const struct log_name name = {tell_path, output};
    if (output->file.fd >= 0 && output->file.size > 0) {
        log_file_rotate(&output->file, &name, &rotation);
        note_rotation(output);
    }
    arm_rotation(output);
}

/* Beginning and end */

static void destroy(struct output *output)
{
    if (!output->log)
        return;
    ev_periodic_stop(output->program->host->host->loop, &output->log->rotation);
    line_format_finish(&output->log->format);
    free(output->log);
    output->log = NULL;
}

void output_log_begin(struct output *output)
{
    const struct log_settings *logs = &settings_of(output)->logs;
    const char *times = logs->rotate[output->stream];
    bool has_format = logs->json || logs->timestamps != LOG_TIMESTAMPS_NONE;
    output_log_end(output);
    if (output->file.fd < 0)
        return;
    output_log_made(output);
    if (!has_format && !times)
        return;
    output->log = mem_new(1, sizeof *output->log);
    output->log->has_format = has_format;
    line_format_init(&output->log->format, (enum log_timestamps)logs->timestamps, logs->json);
    ev_periodic_init(&output->log->rotation, on_rotation, 0., 0., NULL);
    output->log->rotation.data = output;
    if (times && cron_parse_daytime(times, &output->log->times, NULL) == 0)
        arm_rotation(output);
}

struct line_format *output_log_format(struct output *output)
{
    return output->log && output->log->has_format ? &output->log->format : NULL;
}

/* Writing */

static enum log_result write_file(struct output *output, const char *bytes, size_t length)
{
    const struct log_rotation rotation = rotation_of(output);
    const struct log_name name = {tell_path, output};
    unsigned before = output->file.rotations;
    enum log_result result = log_file_write(&output->file, &name, &rotation, bytes, length);
    if (output->file.rotations != before)
        note_rotation(output);
    return result;
}

static enum log_result write_formatted(struct output *output, const char *bytes, size_t length)
{
    static const char *const stream_names[] = {[STREAM_OUT] = "stdout", [STREAM_ERR] = "stderr"};
    char *name = program_full_name(output->program);
    const struct line_source source = {name, stream_names[output->stream],
                                       clock_wall_ms(output->program->host->host->clock)};
    struct buf text;
    buf_init(&text, FORMATTED_MAX);
    if (bytes)
        line_format_feed(&output->log->format, &source, bytes, length, &text);
    else
        line_format_end(&output->log->format, &source, &text);
    enum log_result result = write_file(output, buf_text(&text), text.length);
    buf_finish(&text);
    free(name);
    return result;
}

enum log_result output_log_write(struct output *output, const char *bytes, size_t length)
{
    if (output->log && output->log->has_format && output->file.fd >= 0)
        return write_formatted(output, bytes, length);
    return write_file(output, bytes, length);
}

void output_log_end(struct output *output)
{
    if (output->log && output->log->has_format && output->file.fd >= 0)
        write_formatted(output, NULL, 0);
    destroy(output);
}
