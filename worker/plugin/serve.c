/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/uuid.h"
#include "worker/plugin/host.h"
#include "worker/protocol.h"

/* The loop: what the worker sends, and its frames one after the other. */

#define READ_SIZE 65536
#define KEPT_SIZE 65536

int host_start(struct host *host, const struct muster_job_plugin *plugin, int in, int out,
               struct err *err)
{
    *host = (struct host){.plugin = plugin, .fd = in};
    buf_init(&host->in, 2 * (size_t)JSON_TEXT_MAX);
    buf_init(&host->line, 2 * (size_t)JSON_TEXT_MAX);
    host->answers = answers_start(out, err);
    return host->answers ? 0 : -1;
}

void host_finish(struct host *host)
{
    answers_finish(host->answers);
    buf_finish(&host->in);
    buf_finish(&host->line);
    arena_finish(&host->arena);
}

ssize_t host_read(struct host *host, bool may_wait)
{
    struct pollfd input = {.fd = host->fd, .events = POLLIN};
    if (!may_wait && poll(&input, 1, 0) <= 0)
        return -1;
    ssize_t got;
    do {
        got = buf_read(&host->in, host->fd, READ_SIZE);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool host_has_cancel(const struct host *host, const char *uuid)
{
    struct buf wanted;
    buf_init(&wanted, 4 * UUID_TEXT_MAX + 64);
    protocol_encode_cancel(uuid, &wanted);
    bool has = memmem(buf_text(&host->in), host->in.length, buf_text(&wanted), wanted.length);
    buf_finish(&wanted);
    return has;
}

/* Hello */

static void put_class(struct buf *out, const struct muster_job_class *class)
{
    buf_text_append(out, "{\"job\":");
    json_string_append(out, class->name, strlen(class->name));
    if (class->max_attempts != 0)
        buf_printf(out, ",\"max_attempts\":%lld",
                   (long long)(class->max_attempts > 0 ? class->max_attempts : 0));
    if (class->timeout_ms != 0)
        buf_printf(out, ",\"timeout\":%.3f",
                   class->timeout_ms > 0 ? (double)class->timeout_ms / 1000. : 0.);
    buf_text_append(out, "}");
}

static bool wants_failures(const struct muster_job_plugin *plugin)
{
    for (size_t i = 0; i < plugin->class_count; i++)
        if (plugin->classes[i].failed)
            return true;
    return false;
}

static int say_hello(struct host *host, struct err *err)
{
    const struct muster_job_plugin *plugin = host->plugin;
    for (size_t i = 0; i < plugin->class_count; i++)
        if (!plugin->classes[i].name || !plugin->classes[i].handle)
            return err_set(err, ERR_INVALID, "class %zu has no name or no function `handle`", i);
    struct buf *out = answers_take(host->answers);
    buf_printf(out, "{\"type\":\"hello\",\"version\":%d,\"window\":%d,\"name\":", PROTOCOL_VERSION,
               PROTOCOL_WINDOW_MAX);
    json_string_append(out, plugin->name, strlen(plugin->name));
    buf_printf(out, ",\"failed\":%s", wants_failures(plugin) ? "true" : "false");
    buf_text_append(out, ",\"jobs\":[");
    for (size_t i = 0; i < plugin->class_count; i++) {
        buf_text_append(out, i > 0 ? "," : "");
        put_class(out, &plugin->classes[i]);
    }
    buf_text_append(out, "]}\n");
    answers_release(host->answers);
    answers_flush(host->answers);
    return 0;
}

/* Frames */

/* Runs the jobs of all whole lines that are there. A job may read more of them behind our back, so
 * each is copied before it runs. */
static int run_lines(struct host *host, struct err *err)
{
    const char *end;
    int result = 0;
    while (result == 0 && !host->is_draining &&
           (end = memchr(buf_text(&host->in), '\n', host->in.length))) {
        size_t length = (size_t)(end - buf_text(&host->in));
        buf_clear(&host->line);
        buf_append(&host->line, buf_text(&host->in), length);
        buf_consume(&host->in, length + 1);
        result = host_run(host, buf_text(&host->line), length, err);
    }
    buf_clear(&host->line);
    buf_trim(&host->line, KEPT_SIZE);
    buf_trim(&host->in, KEPT_SIZE);
    return result;
}

int host_serve(struct host *host, struct err *err)
{
    if (say_hello(host, err) < 0)
        return -1;
    ssize_t got;
    while (!host->is_draining && (got = host_read(host, true)) > 0) {
        if (run_lines(host, err) < 0)
            return -1;
        answers_flush(host->answers);
    }
    return 0;
}
