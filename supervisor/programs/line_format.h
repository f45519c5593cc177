/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LINE_FORMAT_H
#define SUPERVISOR_PROGRAMS_LINE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/program_attributes.h"

/* What a log has around each line of output: a time before it, or a JSON object of it. Pure. */
#define LINE_TEXT_MAX                                                                              \
    65536 /* of one line in JSON; a longer one becomes several objects, all but the                \
           * last with "partial" */

struct line_format {
    enum log_timestamps timestamps;
    bool is_json;
    bool is_inside;  /* of a line, whose time has been written */
    struct buf line; /* what there is of one, for JSON */
};

/* At the beginning of a line. is_json: each line becomes an object. Finishing frees what is kept of
 * a line; line_format_end writes it out before. */
void line_format_init(struct line_format *format, enum log_timestamps timestamps, bool is_json);
void line_format_finish(struct line_format *format);

/* Whose output it is, and when it came. */
struct line_source {
    const char *program, *stream;
    int64_t wall_ms;
};

/* Appends what goes to the log for a piece of output. */
void line_format_feed(struct line_format *format, const struct line_source *source,
                      const char *bytes, size_t length, struct buf *out);

/* There is no more: a line without an end ends. */
void line_format_end(struct line_format *format, const struct line_source *source, struct buf *out);

#endif
