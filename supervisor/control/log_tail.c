/* SPDX-License-Identifier: MIT */
#include "supervisor/control/log_tail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/control/log_read.h"
#include "supervisor/master.h"
#include "supervisor/programs/select.h"

#define BEGIN_BYTES  1024
#define STEP_SECONDS 0.1
#define STEP_MAX     (1u << 20) /* bytes in one step: the client gets the rest in the next ones */
#define TRUNCATED    "==> File truncated <==\n"

/* One client that follows a log. */
struct tail {
    struct http_request *http;
    struct ev_loop *loop;
    ev_timer step;
    char *path;
    int fd;
    ino_t inode;
    int64_t position;
};

static void end_tail(void *context)
{
    struct tail *tail = context;
    ev_timer_stop(tail->loop, &tail->step);
    fd_close(&tail->fd);
    free(tail->path);
    free(tail);
}

/* Takes the file over that a rotation has put in this one's place; what the old one still had has
 * been read. */
static void follow_rotation(struct tail *tail)
{
    struct stat status;
    int64_t size;
    if (stat(tail->path, &status) < 0 || status.st_ino == tail->inode)
        return;
    int fd = log_read_open(tail->path, &size);
    if (fd < 0)
        return;
    fd_close(&tail->fd);
    tail->fd = fd;
    tail->inode = status.st_ino;
    tail->position = 0;
}

static void put_news(struct tail *tail)
{
    struct stat status;
    struct buf news;
    if (fstat(tail->fd, &status) < 0)
        return;
    if (status.st_size < tail->position) {
        tail->position = 0;
        http_stream_write(tail->http, TRUNCATED, strlen(TRUNCATED));
    }
    struct log_range range = {tail->position, status.st_size - tail->position};
    if (range.length > STEP_MAX)
        range.length = STEP_MAX;
    buf_init(&news, STEP_MAX);
    log_read_range(tail->fd, &range, &news);
    tail->position += (int64_t)news.length;
    if (news.length > 0)
        http_stream_write(tail->http, buf_text(&news), news.length);
    buf_finish(&news);
}

static void on_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct tail *tail = timer->data;
    if (http_stream_waiting(tail->http) >= STEP_MAX)
        return; /* a slow client: the log waits for it, no memory does */
    put_news(tail);
    follow_rotation(tail);
}

static struct tail *begin_tail(const struct web_request *request, const char *path)
{
    int64_t size;
    struct stat status;
    int fd = log_read_open(path, &size);
    if (fd < 0 || fstat(fd, &status) < 0)
        return NULL;
    struct tail *tail = mem_new(1, sizeof *tail);
    *tail = (struct tail){.http = request->http,
                          .loop = request->master->loop,
                          .path = mem_strdup(path),
                          .fd = fd,
                          .inode = status.st_ino,
                          .position = size >= BEGIN_BYTES ? size - BEGIN_BYTES : 0};
    ev_timer_init(&tail->step, on_step, STEP_SECONDS, STEP_SECONDS);
    tail->step.data = tail;
    return tail;
}

static void put_date(time_t when, char text[40])
{
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(text, 40, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* path may be NULL. */
static void answer_with(const struct web_request *request, const char *path)
{
    struct stat status;
    char changed[40] = "";
    bool is_get = strcmp(http_method(request->http), "GET") == 0;
    struct tail *tail = path && is_get ? begin_tail(request, path) : NULL;
    if (!tail) {
        web_reply_problem(request->http, is_get ? 404 : 400,
                          is_get ? "there is no such log file" : "a log is asked for by GET");
        return;
    }
    if (fstat(tail->fd, &status) == 0)
        put_date(status.st_mtime, changed);
    const struct http_header headers[] = {{"Content-Type", "text/plain;charset=utf-8"},
                                          {"Last-Modified", changed},
                                          {"X-Content-Type-Options", "nosniff"},
                                          {NULL, NULL}};
    http_stream(request->http, 200, headers, end_tail, tail);
    ev_timer_start(tail->loop, &tail->step);
    put_news(tail);
}

/* The log that a path below LOG_TAIL_PATH names; NULL where there is none. */
static const char *find_log(const struct master *master, const char *text, char *room)
{
    static const char *const channels[] = {[STREAM_OUT] = "/stdout", [STREAM_ERR] = "/stderr"};
    struct err err = ERR_INIT;
    const char *slash = strchr(text, '/');
    const char *channel = slash ? slash : channels[STREAM_OUT];
    char *name = mem_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
    const struct program *program = programs_find(&master->programs, name, &err);
    const char *path = NULL;
    for (int stream = 0; program && stream < STREAM_COUNT; stream++)
        if (strcmp(channel, channels[stream]) == 0)
            path = program_log_path(program, (enum stream)stream, room);
    free(name);
    return path;
}

void log_tail_answer(const struct web_request *request)
{
    char room[LOG_PATH_SIZE];
    answer_with(request, find_log(request->master, request->path + strlen(LOG_TAIL_PATH), room));
}

void log_tail_answer_main(const struct web_request *request)
{
    answer_with(request, log_path());
}
