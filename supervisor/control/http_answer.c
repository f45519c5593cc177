/* SPDX-License-Identifier: MIT */

/* What is answered: at once, after a pause, or as a stream. */
#include "supervisor/control/http_request.h"

#include <stdint.h>
#include <string.h>

#include "common/log.h"

/* Of so many bytes: the memory that they took is given back a moment later. */
#define LARGE_ANSWER (256u << 10)

static void add_headers(struct MHD_Response *response, const struct http_header *headers)
{
    for (; headers && headers->name; headers++)
        if (MHD_add_response_header(response, headers->name, headers->value) != MHD_YES)
            log_write(LOG_WARN, "http: the header %s was not accepted", headers->name);
}

static void take_response(struct http_request *request, int status,
                          const struct http_header *headers, struct MHD_Response *response)
{
    add_headers(response, headers);
    request->response = response;
    request->status = status;
}

void http_reply(struct http_request *request, int status, const struct http_header *headers,
                const char *body, size_t length)
{
    take_response(
        request, status, headers,
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY));
    if (length >= LARGE_ANSWER)
        ev_timer_again(request->server->options.loop, &request->server->quiet);
    http_resume(request);
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    http_resume(timer->data);
}

void http_reply_later(struct http_request *request, double seconds, int status,
                      const struct http_header *headers, const char *body, size_t length)
{
    take_response(
        request, status, headers,
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY));
    ev_timer_init(&request->pause, on_pause_over, seconds, 0.);
    request->pause.data = request;
    ev_timer_start(request->server->options.loop, &request->pause);
}

/* libmicrohttpd asks for the next bytes of a stream. */
static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t max)
{
    (void)position;
    struct http_request *request = context;
    size_t length = request->stream.length < max ? request->stream.length : max;
    if (length == 0 && (request->stream_ended || request->server->ends))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (length == 0) {
        http_suspend(request);
        return 0;
    }
    memcpy(bytes, buf_data(&request->stream), length);
    buf_consume(&request->stream, length);
    return (ssize_t)length;
}

#define STREAM_BLOCK 16384

void http_stream(struct http_request *request, int status, const struct http_header *headers,
                 void (*gone)(void *context), void *context)
{
    take_response(request, status, headers,
                  MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                    request, NULL));
    request->gone = gone;
    request->gone_context = context;
    http_resume(request);
}

void http_stream_write(struct http_request *request, const char *bytes, size_t length)
{
    if (request->stream_ended)
        return;
    if (buf_append(&request->stream, bytes, length) < 0)
        request->stream_ended = true;
    http_resume(request);
}

void http_stream_end(struct http_request *request)
{
    request->gone = NULL;
    request->stream_ended = true;
    http_resume(request);
}

void http_end_streams(struct http_server *server)
{
    for (struct http_request *request = server->requests; request; request = request->next) {
        if (!request->gone)
            continue;
        request->stream_ended = true;
        http_resume(request);
    }
}

size_t http_stream_waiting(const struct http_request *request)
{
    return request->stream.length;
}
