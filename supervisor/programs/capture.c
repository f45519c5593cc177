/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/capture.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* The first byte of a token stands nowhere else in it, so a match that fails can only begin again
 * with the byte that it failed at. */
static const char *const tokens[] = {"<!--XSUPERVISOR:BEGIN-->", "<!--XSUPERVISOR:END-->"};

static const char *token_of(const struct capture *capture)
{
    return tokens[capture->inside];
}

/* The last bytes are kept. */
static void keep(struct capture *capture, const char *bytes, size_t length)
{
    if (length > capture->maxbytes) {
        bytes += length - capture->maxbytes;
        length = capture->maxbytes;
    }
    size_t all = capture->data.length + length;
    if (all > capture->maxbytes)
        buf_consume(&capture->data, all - capture->maxbytes);
    buf_append(&capture->data, bytes, length);
}

static void put(struct capture *capture, const char *bytes, size_t length,
                const struct capture_sink *sink)
{
    if (length == 0)
        return;
    if (capture->inside)
        keep(capture, bytes, length);
    else
        sink->outside(sink->context, bytes, length);
}

/* The token is complete. */
static void turn(struct capture *capture, const struct capture_sink *sink)
{
    capture->matched = 0;
    capture->inside = !capture->inside;
    if (capture->inside)
        return;
    sink->captured(sink->context, buf_text(&capture->data), capture->data.length);
    buf_clear(&capture->data);
    buf_trim(&capture->data, 0);
}

/* What had begun like the token was none. */
static void give_back(struct capture *capture, const struct capture_sink *sink)
{
    size_t matched = capture->matched;
    capture->matched = 0;
    put(capture, token_of(capture), matched, sink);
}

void capture_feed(struct capture *capture, const char *bytes, size_t length,
                  const struct capture_sink *sink)
{
    size_t plain = 0; /* where what has not gone on begins */
    for (size_t i = 0; i < length; i++) {
        const char *token = token_of(capture);
        if (bytes[i] != token[capture->matched]) {
            plain = capture->matched > 0 ? i : plain;
            give_back(capture, sink);
            if (bytes[i] != token[0])
                continue;
        }
        if (capture->matched++ == 0) {
            put(capture, bytes + plain, i - plain, sink);
            plain = i;
        }
        if (token[capture->matched] == '\0') {
            turn(capture, sink);
            plain = i + 1;
        }
    }
    if (capture->matched == 0)
        put(capture, bytes + plain, length - plain, sink);
}

void capture_end(struct capture *capture, const struct capture_sink *sink)
{
    if (!capture->inside)
        give_back(capture, sink);
}

struct capture *capture_create(size_t maxbytes)
{
    struct capture *capture = mem_new(1, sizeof *capture);
    capture->maxbytes = maxbytes;
    buf_init(&capture->data, maxbytes);
    return capture;
}

void capture_destroy(struct capture *capture)
{
    if (!capture)
        return;
    buf_finish(&capture->data);
    free(capture);
}
