/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/line_format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/json.h"

#define TIME_SIZE 48

void line_format_init(struct line_format *format, enum log_timestamps timestamps, bool is_json)
{
    *format = (struct line_format){.timestamps = timestamps, .is_json = is_json};
    buf_init(&format->line, LINE_TEXT_MAX);
}

void line_format_finish(struct line_format *format)
{
    buf_finish(&format->line);
}

/* Times */

static void put_utc(char text[TIME_SIZE], time_t seconds, int ms)
{
    struct tm parts;
    char whole[TIME_SIZE / 2];
    gmtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, TIME_SIZE, "%s.%03dZ", whole, ms);
}

static void put_iso(char text[TIME_SIZE], time_t seconds, int ms)
{
    struct tm parts;
    char whole[TIME_SIZE / 2], zone[8];
    localtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    strftime(zone, sizeof zone, "%z", &parts);
    snprintf(text, TIME_SIZE, "%s.%03d%.3s:%.2s", whole, ms, zone, zone + 3);
}

/* As in musterd's own log. */
static void put_local(char text[TIME_SIZE], time_t seconds, int ms)
{
    struct tm parts;
    char whole[TIME_SIZE / 2];
    localtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%d %H:%M:%S", &parts);
    snprintf(text, TIME_SIZE, "%s,%03d", whole, ms);
}

static const char *time_text(enum log_timestamps timestamps, int64_t wall_ms, char text[TIME_SIZE])
{
    static void (*const put[])(char text[TIME_SIZE], time_t seconds, int ms) = {
        [LOG_TIMESTAMPS_LOCAL] = put_local,
        [LOG_TIMESTAMPS_ISO] = put_iso,
        [LOG_TIMESTAMPS_UTC] = put_utc,
    };
    put[timestamps](text, (time_t)(wall_ms / 1000), (int)(wall_ms % 1000));
    return text;
}

/* JSON */

static void put_object(struct line_format *format, const struct line_source *source,
                       const char *text, size_t length, bool is_partial, struct buf *out)
{
    char when[TIME_SIZE];
    enum log_timestamps timestamps =
        format->timestamps == LOG_TIMESTAMPS_NONE ? LOG_TIMESTAMPS_UTC : format->timestamps;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    buf_printf(out, "{\"time\":\"%s\",\"program\":", time_text(timestamps, source->wall_ms, when));
    json_string_append(out, source->program, strlen(source->program));
    buf_printf(out, ",\"stream\":\"%s\",\"text\":", source->stream);
    json_string_append(out, text, length);
    buf_text_append(out, is_partial ? ",\"partial\":true}\n" : "}\n");
}

static void flush_line(struct line_format *format, const struct line_source *source,
                       bool is_partial, struct buf *out)
{
    put_object(format, source, buf_text(&format->line), format->line.length, is_partial, out);
    buf_clear(&format->line);
}

/* Takes a piece of a line that ends outside of it. */
static void keep(struct line_format *format, const struct line_source *source, const char *bytes,
                 size_t length, struct buf *out)
{
    while (length > 0) {
        size_t room = LINE_TEXT_MAX - format->line.length;
        size_t taken = length < room ? length : room;
        buf_append(&format->line, bytes, taken);
        bytes += taken;
        length -= taken;
        if (format->line.length == LINE_TEXT_MAX)
            flush_line(format, source, true, out);
    }
}

static void put_json_line(struct line_format *format, const struct line_source *source,
                          const char *bytes, size_t length, struct buf *out)
{
    if (format->line.length == 0 && length <= LINE_TEXT_MAX) {
        put_object(format, source, bytes, length, false, out);
        return;
    }
    keep(format, source, bytes, length, out);
    flush_line(format, source, false, out);
}

/* Lines */

static void put_time(struct line_format *format, const struct line_source *source, struct buf *out)
{
    char when[TIME_SIZE];
    if (!format->is_inside)
        buf_printf(out, "%s ", time_text(format->timestamps, source->wall_ms, when));
    format->is_inside = true;
}

void line_format_feed(struct line_format *format, const struct line_source *source,
                      const char *bytes, size_t length, struct buf *out)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = (size_t)((newline ? newline : end) - bytes);
        if (!format->is_json) {
            put_time(format, source, out);
            buf_append(out, bytes, piece + (newline != NULL));
            format->is_inside = !newline;
        } else if (newline) {
            put_json_line(format, source, bytes, piece, out);
        } else {
            keep(format, source, bytes, piece, out);
        }
        bytes += piece + (newline != NULL);
    }
}

void line_format_end(struct line_format *format, const struct line_source *source, struct buf *out)
{
    if (format->line.length > 0)
        flush_line(format, source, false, out);
    if (format->is_inside)
        buf_text_append(out, "\n");
    format->is_inside = false;
}
