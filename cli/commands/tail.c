/* SPDX-License-Identifier: MIT */

/* The ends of logs, which are read where they are. */
#include "cli/commands/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/programs.h"
#include "common/fd.h"
#include "common/mem.h"
#include "supervisor/control/log_read.h"

#define END_BYTES 1600 /* as supervisorctl */
#define STEP_MS   100
#define READ_MAX  (1u << 20)
#define INPUT_MAX 4096

#define BYTES_OPTION                                                                               \
    {                                                                                              \
        .name = "bytes", .letter = 'n', .kind = OPTION_INTEGER, .value = "N", .max = READ_MAX,     \
        .help = "so many bytes from the end (default: 1600)"                                       \
    }
#define FOLLOW_OPTION                                                                              \
    {                                                                                              \
        .name = "follow", .letter = 'f', .kind = OPTION_FLAG, .help = "go on until it is ended"    \
    }

static const struct cli_option tail_options[] = {
    FOLLOW_OPTION,
    BYTES_OPTION,
    {.name = "stderr", .kind = OPTION_FLAG, .help = "the log of standard error"},
    OPTIONS_END,
};
static const struct cli_option maintail_options[] = {FOLLOW_OPTION, BYTES_OPTION, OPTIONS_END};
static const struct cli_option no_options[] = {OPTIONS_END};

/* A log that is looked at. */
struct view {
    const char *path;
    int fd;
    ino_t inode;
    int64_t position;
};

static int open_view(struct view *view, const char *path, int64_t bytes, struct err *err)
{
    int64_t size;
    struct stat status;
    *view = (struct view){.path = path, .fd = log_read_open(path, &size)};
    if (view->fd < 0 || fstat(view->fd, &status) < 0)
        return err_set(err, ERR_NOT_FOUND, "there is no log file %s that can be read", path);
    view->inode = status.st_ino;
    view->position = size > bytes ? size - bytes : 0;
    return 0;
}

/* Prints what has come. Returns 0, or -1 where nobody reads what we print any more. */
static int print_news(struct view *view)
{
    struct stat status;
    struct buf news;
    if (fstat(view->fd, &status) < 0)
        return 0;
    if (status.st_size < view->position)
        view->position = 0;
    struct log_range range = {view->position, status.st_size - view->position};
    range.length = range.length > READ_MAX ? READ_MAX : range.length;
    buf_init(&news, READ_MAX);
    log_read_range(view->fd, &range, &news);
    view->position += (int64_t)news.length;
    int result = fd_write_all(STDOUT_FILENO, buf_text(&news), news.length);
    buf_finish(&news);
    return result;
}

static void follow_rotation(struct view *view)
{
    int64_t size;
    struct stat status;
    if (stat(view->path, &status) < 0 || status.st_ino == view->inode)
        return;
    int fd = log_read_open(view->path, &size);
    if (fd < 0)
        return;
    fd_close(&view->fd);
    view->fd = fd;
    view->inode = status.st_ino;
    view->position = 0;
}

/* typed is called when there is something to be read at standard input (NULL: it is not looked
 * at); it returns -1 to end. */
static int follow(struct view *view, int (*typed)(void *data), void *data)
{
    struct pollfd input = {.fd = typed ? STDIN_FILENO : -1, .events = POLLIN};
    while (print_news(view) == 0) {
        int ready = poll(&input, 1, STEP_MS);
        if (ready > 0 && typed(data) < 0)
            break;
        follow_rotation(view);
    }
    return 0;
}

static int show(struct context *context, const char *path, struct err *err)
{
    struct view view;
    int64_t bytes = options_number(&context->options, "bytes", END_BYTES);
    int result = open_view(&view, path, bytes, err);
    if (result == 0)
        result = options_given(&context->options, "follow") ? follow(&view, NULL, NULL)
                                                            : print_news(&view);
    fd_close(&view.fd);
    return result;
}

/* The one program that a name means: its name, and the path of a log of it (malloc'd). */
static char *find_log(struct context *context, const char *member, struct err *err)
{
    cJSON *told = programs_ask(context, programs_request(context, "programs", 0), err);
    if (!told)
        return NULL;
    const cJSON *programs = json_get(told, "programs");
    const char *name = context->options.arguments[0];
    int count = cJSON_GetArraySize(programs);
    const char *path =
        count == 1 ? json_get_string(cJSON_GetArrayItem(programs, 0), member, NULL) : NULL;
    char *copy = mem_strdup(path);
    if (count != 1)
        err_set(err, count ? ERR_INVALID : ERR_NOT_FOUND, "%s means %d programs; name one", name,
                count);
    else if (!path)
        err_set(err, ERR_NOT_FOUND, "%s has no such log file", name);
    cJSON_Delete(told);
    return copy;
}

static int run_tail(struct context *context, struct err *err)
{
    bool of_errors = options_given(&context->options, "stderr");
    char *path = find_log(context, of_errors ? "stderr_logfile" : "stdout_logfile", err);
    int result = path ? show(context, path, err) : -1;
    free(path);
    return result;
}

const struct cli_command command_tail = {
    .name = "tail",
    .group = "programs",
    .usage = "[--follow] [--bytes=N] [--stderr] NAME",
    .summary = "Shows the end of a program's log",
    .options = tail_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .examples = (const char *const[]){"tail web:web-1", "tail -f db --stderr", NULL},
    .run = run_tail,
};

static int run_maintail(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    if (!settings->muster.logfile[0])
        return err_set(err, ERR_NOT_FOUND, "musterd logs to standard error, by its configuration");
    return show(context, settings->muster.logfile, err);
}

const struct cli_command command_maintail = {
    .name = "maintail",
    .group = "programs",
    .usage = "[--follow] [--bytes=N]",
    .summary = "Shows the end of musterd's log",
    .options = maintail_options,
    .examples = (const char *const[]){"maintail", "maintail -f", NULL},
    .run = run_maintail,
};

/* --- fg --- */

struct foreground {
    struct context *context;
    struct err *err;
};

static int send_typed(void *data)
{
    struct foreground *foreground = data;
    char text[INPUT_MAX + 1];
    ssize_t got = read(STDIN_FILENO, text, INPUT_MAX);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    cJSON *request = programs_request(foreground->context, "programs-write", 0);
    cJSON_AddStringToObject(request, "text", text);
    cJSON *answer = programs_ask(foreground->context, request, foreground->err);
    cJSON_Delete(answer);
    return answer ? 0 : -1;
}

static int run_fg(struct context *context, struct err *err)
{
    struct view view;
    struct foreground foreground = {context, err};
    char *path = find_log(context, "stdout_logfile", err);
    int result = path ? open_view(&view, path, 0, err) : -1;
    if (result == 0) {
        follow(&view, send_typed, &foreground);
        fd_close(&view.fd);
    }
    free(path);
    return err->code == ERR_NONE ? result : -1;
}

const struct cli_command command_fg = {
    .name = "fg",
    .group = "programs",
    .usage = "NAME",
    .summary = "Shows what a program writes, and gives it what is typed",
    .details = "The end of what is typed (Ctrl-D) or Ctrl-C leaves it running.",
    .options = no_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .examples = (const char *const[]){"fg console", NULL},
    .run = run_fg,
};
