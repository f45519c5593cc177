/* SPDX-License-Identifier: MIT */
#include "supervisor/signals.h"

#include <signal.h>
#include <string.h>

#include "common/log.h"
#include "common/signal_names.h"
#include "supervisor/master.h"

static void stop(struct master *master, struct err *err)
{
    (void)err;
    master_stop(master);
}

/* Who has moved here from Supervisor without a word about Muster in the file gets what the signal
 * means there. */
static void hang_up(struct master *master, struct err *err)
{
    const struct settings *settings = master->settings;
    if (settings->supervisor.is_given && !settings->serves_queues)
        master_start_over(master, err);
    else
        master_reload(master, err);
}

static void restart(struct master *master, struct err *err)
{
    master_restart(master, NULL, err);
}

static void reopen_logs(struct master *master, struct err *err)
{
    (void)err;
    master_reopen_logs(master);
}

static void upgrade(struct master *master, struct err *err)
{
    upgrade_begin(&master->upgrade, NULL, err);
}

/* SIGRTMIN is no constant. */
#define FIRST_REALTIME 0

static int number_of(int number)
{
    return number == FIRST_REALTIME ? SIGRTMIN : number;
}

static const struct {
    int number;
    const char *meaning;
    void (*handle)(struct master *master, struct err *err);
} handled[SIGNALS_COUNT] = {
    {SIGTERM, "stopping", stop},
    {SIGINT, "stopping", stop},
    {SIGQUIT, "stopping", stop},
    {SIGHUP, "reading the configuration again", hang_up},
    {SIGUSR1, "replacing all workers", restart},
    {SIGUSR2, "opening the logs again", reopen_logs},
    {FIRST_REALTIME, "becoming the program that is installed now", upgrade},
};

static void on_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)loop, (void)events;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        char name[SIGNAL_NAME_SIZE];
        if (number_of(handled[i].number) != watch->signum)
            continue;
        log_write(LOG_WARN, "received %s: %s", signal_name(watch->signum, name),
                  handled[i].meaning);
        handled[i].handle(watch->data, &err);
    }
    if (err.code != ERR_NONE)
        log_write(LOG_ERROR, "%s", err.text);
}

void signals_init(struct signals *signals, struct ev_loop *loop, struct master *master)
{
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        ev_signal_init(&signals->watches[i], on_signal, number_of(handled[i].number));
        signals->watches[i].data = master;
        ev_signal_start(loop, &signals->watches[i]);
    }
}

void signals_finish(struct signals *signals, struct ev_loop *loop)
{
    for (size_t i = 0; i < SIGNALS_COUNT; i++)
        ev_signal_stop(loop, &signals->watches[i]);
}
