/* SPDX-License-Identifier: MIT */
#include "worker/maintenance.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "worker/call_server.h"
#include "worker/keeper.h"

/* The main thread: listens to the master, and passes on what it says. */
struct maintenance {
    struct ev_loop *loop;
    struct channel channel;
    struct mouth mouth;
    ev_io channel_watch;
    ev_signal signals[3];
    struct keeper **keepers;
    size_t keeper_count;
    struct call_server *calls;
    struct keeper_begun begun[BOARD_SLOTS_MAX]; /* of the dead worker that is told next */
    size_t begun_count;
};

static void note_begun(struct maintenance *maintenance, const struct record *record)
{
    if (maintenance->begun_count == BOARD_SLOTS_MAX)
        return;
    struct keeper_begun *begun = &maintenance->begun[maintenance->begun_count++];
    memcpy(begun->uuid, record->body.begun.uuid, sizeof begun->uuid);
    begun->uuid[sizeof begun->uuid - 1] = '\0';
    begun->attempt = record->body.begun.attempt;
}

/* A connection that is not configured any more cannot be reached by us: the leases run out. */
static void confirm_unknown(struct maintenance *maintenance, const char *owner,
                            const char *connection)
{
    log_write(LOG_WARN, "the leases of %s are on connection %s, which is not configured any more",
              owner, connection);
    struct record record = {.type = RECORD_RETURNED};
    memcpy(record.body.returned.owner, owner, OWNER_SIZE);
    mouth_send(&maintenance->mouth, &record);
}

static void return_owner(struct maintenance *maintenance, struct record *record)
{
    char *owner = record->body.dead.owner, *connection = record->body.dead.connection;
    owner[OWNER_SIZE - 1] = connection[CONNECTION_SIZE - 1] = '\0';
    size_t count = maintenance->begun_count;
    maintenance->begun_count = 0;
    for (size_t i = 0; i < maintenance->keeper_count; i++) {
        if (strcmp(keeper_connection(maintenance->keepers[i]), connection) != 0)
            continue;
        keeper_return(maintenance->keepers[i], owner, maintenance->begun, count);
        return;
    }
    confirm_unknown(maintenance, owner, connection);
}

static void on_channel(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct maintenance *maintenance = watch->data;
    struct record record;
    enum channel_result result = channel_receive(&maintenance->channel, &record);
    if (result == CHANNEL_CLOSED || (result == CHANNEL_RECORD && record.type == RECORD_DRAIN))
        ev_break(loop, EVBREAK_ALL);
    else if (result == CHANNEL_RECORD && record.type == RECORD_BEGUN)
        note_begun(maintenance, &record);
    else if (result == CHANNEL_RECORD && record.type == RECORD_RETURN_OWNER)
        return_owner(maintenance, &record);
    else if (result == CHANNEL_RECORD && record.type == RECORD_REOPEN_LOGS)
        log_reopen();
}

static void on_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)events;
    if (watch->signum == SIGUSR2)
        log_reopen();
    else
        ev_break(loop, EVBREAK_ALL);
}

static void start_watches(struct maintenance *maintenance)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR2};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ev_signal_init(&maintenance->signals[i], on_signal, numbers[i]);
        ev_signal_start(maintenance->loop, &maintenance->signals[i]);
    }
    ev_io_init(&maintenance->channel_watch, on_channel, maintenance->channel.in, EV_READ);
    maintenance->channel_watch.data = maintenance;
    ev_io_start(maintenance->loop, &maintenance->channel_watch);
}

static int start_keepers(struct maintenance *maintenance, const struct maintenance_plan *plan,
                         struct err *err)
{
    const struct settings *settings = plan->settings;
    maintenance->keepers = mem_new(settings->connection_count, sizeof *maintenance->keepers);
    for (size_t i = 0; i < settings->connection_count; i++) {
        struct keeper *keeper = keeper_start(settings, &settings->connections[i], plan->clock,
                                             &maintenance->mouth, err);
        if (!keeper)
            return -1;
        maintenance->keepers[maintenance->keeper_count++] = keeper;
    }
    return 0;
}

static void end_keepers(struct maintenance *maintenance)
{
    for (size_t i = 0; i < maintenance->keeper_count; i++)
        keeper_close(maintenance->keepers[i]);
    for (size_t i = 0; i < maintenance->keeper_count; i++)
        keeper_join(maintenance->keepers[i]);
    free(maintenance->keepers);
}

static void open_channel(struct maintenance *maintenance, const struct maintenance_plan *plan)
{
    maintenance->channel = (struct channel){.in = plan->channel_in,
                                            .out = plan->channel_out,
                                            .pid = getpid(),
                                            .generation = plan->generation};
    fd_set_nonblocking(plan->channel_in, true);
    fd_set_nonblocking(plan->channel_out, true);
    pthread_mutex_init(&maintenance->mouth.mutex, NULL);
    maintenance->mouth.channel = &maintenance->channel;
}

int maintenance_run(const struct maintenance_plan *plan, struct err *err)
{
    struct maintenance *maintenance = mem_new(1, sizeof *maintenance);
    maintenance->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    int result = maintenance->loop ? 0 : err_set(err, ERR_SYSTEM, "cannot make an event loop");
    if (result == 0) {
        open_channel(maintenance, plan);
        start_watches(maintenance);
        result = start_keepers(maintenance, plan, err);
    }
    if (result == 0 && plan->calls_fd >= 0)
        maintenance->calls = call_server_create(maintenance->loop, plan->calls_fd, plan->settings,
                                                maintenance->keepers, maintenance->keeper_count);
    if (result == 0) {
        struct record ready = {.type = RECORD_READY};
        mouth_send(&maintenance->mouth, &ready);
        ev_run(maintenance->loop, 0);
    }
    end_keepers(maintenance);
    call_server_destroy(maintenance->calls);
    if (maintenance->loop) {
        channel_close(&maintenance->channel);
        ev_loop_destroy(maintenance->loop);
    }
    free(maintenance);
    return result;
}
