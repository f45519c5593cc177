/* SPDX-License-Identifier: MIT */
#include "supervisor/maintenance.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/log.h"
#include "supervisor/launch.h"

static int launch(struct process *process, int channel_in, int channel_out,
                  struct spawn_child *child, struct err *err)
{
    struct maintenance *maintenance = process->data;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_errno(err, errno, "cannot make a socket pair");
    fd_set_nonblocking(ends[0], true);
    calls_connect(maintenance->calls, ends[0]);
    returns_retell(maintenance->returns);
    const struct launch launch = {
        .program = process->host->program,
        .generation = process->generation,
        .snapshot = process->host->snapshot,
        .board_fd = -1,
        .calls_fd = ends[1],
        .channel_in = channel_in,
        .channel_out = channel_out,
    };
    int result = launch_start(&launch, child, err);
    fd_close(&ends[1]);
    return result;
}

static void hear(struct process *process, const struct record *record)
{
    struct maintenance *maintenance = process->data;
    if (record->type == RECORD_METRICS) {
        maintenance->measured(maintenance->context, &record->body.metrics);
    } else if (record->type == RECORD_STORE) {
        char connection[CONNECTION_SIZE];
        snprintf(connection, sizeof connection, "%.*s", CONNECTION_SIZE - 1,
                 record->body.store.connection);
        maintenance->store(maintenance->context, connection, record->body.store.is_away != 0);
    } else if (record->type == RECORD_RETURNED) {
        log_write(LOG_INFO, "returned: %llu leases of %.*s",
                  (unsigned long long)record->body.returned.count, OWNER_SIZE - 1,
                  record->body.returned.owner);
        returns_confirm(maintenance->returns, record->body.returned.owner);
        process->host->changed = true;
    }
}

static void ended(struct process *process, bool was_ready)
{
    (void)was_ready;
    struct maintenance *maintenance = process->data;
    ev_io_stop(process->host->loop, &maintenance->room_watch);
}

static const struct process_owner owner = {.launch = launch, .heard = hear, .ended = ended};

void maintenance_tend(struct maintenance *maintenance)
{
    struct process *process = &maintenance->process;
    struct ev_loop *loop = process->host->loop;
    ev_io_stop(loop, &maintenance->room_watch);
    if (process->state != PROCESS_RUNNING)
        return;
    if (returns_tell(maintenance->returns, &process->channel)) {
        ev_io_set(&maintenance->room_watch, process->channel.out, EV_WRITE);
        ev_io_start(loop, &maintenance->room_watch);
    }
}

static void on_room(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    maintenance_tend(watch->data);
}

void maintenance_init(struct maintenance *maintenance, struct host *host)
{
    struct process *process = &maintenance->process;
    process->owner = &owner;
    process->host = host;
    process->data = maintenance;
    process->name = "maintenance";
    process_init(process);
    maintenance->calls = calls_create(host->loop);
    ev_init(&maintenance->room_watch, on_room);
    maintenance->room_watch.data = maintenance;
}

void maintenance_finish(struct maintenance *maintenance)
{
    ev_io_stop(maintenance->process.host->loop, &maintenance->room_watch);
    calls_destroy(maintenance->calls);
    process_finish(&maintenance->process);
}
