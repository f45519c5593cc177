/* SPDX-License-Identifier: MIT */
#include "supervisor/alerts/notify.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/spawn_path.h"
#include "supervisor/master.h"
#include "supervisor/snapshot.h"

#define CHILD_SETTINGS 3
#define KEPT_BYTES     65536

static void on_ended(struct reaper_child *reaped, int status);

static int open_events(const struct buf *events, struct err *err)
{
    int fd = memfd_create("muster-events", MFD_CLOEXEC);
    if (fd >= 0 && fd_write_all(fd, buf_data(events), events->length) == 0 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_errno(err, errno, "cannot make the notifier's input");
    fd_close(&fd);
    return -1;
}

static int spawn(struct notify *notify, int events, int settings, struct err *err)
{
    char *program = spawn_find_own_program("muster-notifier", "MUSTER_NOTIFIER", MUSTER_LIBEXECDIR);
    char *const argv[] = {program, "--settings-fd=3", NULL};
    const struct spawn_fd fds[] = {
        {events, STDIN_FILENO}, {STDERR_FILENO, STDERR_FILENO}, {settings, CHILD_SETTINGS}};
    const struct spawn_request request = {.argv = argv,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof fds[0],
                                          .new_group = true,
                                          .subreaper = true,
                                          .parent_death_signal = SIGTERM,
                                          .kind = SPAWN_UNWATCHED};
    int result = spawn_start(&request, &notify->child, err);
    free(program);
    return result;
}

static int start(struct notify *notify, struct err *err)
{
    int settings = snapshot_open(notify->master->host.snapshot, err);
    int events = settings >= 0 ? open_events(&notify->waiting, err) : -1;
    int result = events >= 0 ? spawn(notify, events, settings, err) : -1;
    fd_close(&settings);
    fd_close(&events);
    return result;
}

/* Sends what waits, where nobody is sending. What cannot be sent now is with what comes next. */
static void go_on(struct notify *notify)
{
    struct err err = ERR_INIT;
    if (notify->is_running || notify->waiting.length == 0)
        return;
    if (start(notify, &err) < 0) {
        log_write(LOG_ERROR, "alerts: the notifier cannot be started: %s", err.text);
        return;
    }
    buf_clear(&notify->waiting);
    buf_trim(&notify->waiting, KEPT_BYTES);
    notify->is_running = true;
    notify->reaped =
        (struct reaper_child){.spawned = &notify->child, .ended = on_ended, .data = notify};
    reaper_watch(&notify->master->reaper, &notify->reaped);
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct notify *notify = reaped->data;
    char text[SPAWN_STATUS_SIZE];
    if (status != 0)
        log_write(LOG_ERROR, "alerts: the notifier ended before its time: %s",
                  spawn_status_text(status, text));
    notify->is_running = false;
    spawn_close(&notify->child);
    if (notify->master->phase == MASTER_RUNNING)
        go_on(notify);
}

/* Whether anybody is to be told of it. */
static bool is_wanted(const struct settings *settings, enum alert_severity severity)
{
    for (size_t i = 0; i < settings->notify_count; i++)
        if (settings->notifies[i].severities & (UINT32_C(1) << severity))
            return true;
    return false;
}

void notify_send(struct notify *notify, enum alert_severity severity, const cJSON *event)
{
    if (!is_wanted(notify->master->settings, severity))
        return;
    char *line = cJSON_PrintUnformatted(event);
    size_t before = notify->waiting.length;
    if (buf_text_append(&notify->waiting, line) < 0 ||
        buf_text_append(&notify->waiting, "\n") < 0) {
        buf_truncate(&notify->waiting, before);
        log_write(LOG_WARN, "alerts: too many wait to be sent; one is dropped");
    }
    cJSON_free(line);
    go_on(notify);
}

void notify_init(struct notify *notify, struct master *master)
{
    *notify = (struct notify){.master = master};
    buf_init(&notify->waiting, NOTIFY_WAITING_MAX);
}

void notify_finish(struct notify *notify)
{
    if (notify->is_running)
        spawn_signal_group(&notify->child, SIGKILL);
    buf_finish(&notify->waiting);
}
