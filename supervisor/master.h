/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_MASTER_H
#define SUPERVISOR_MASTER_H

#include <stdint.h>

#include <ev.h>

#include "common/settings.h"
#include "supervisor/alerts/alerts.h"
#include "supervisor/audit.h"
#include "supervisor/control.h"
#include "supervisor/feed.h"
#include "supervisor/host.h"
#include "supervisor/maintenance.h"
#include "supervisor/pool.h"
#include "supervisor/programs/programs.h"
#include "supervisor/reaper.h"
#include "supervisor/returns.h"
#include "supervisor/scaling/scaling.h"
#include "supervisor/signals.h"
#include "supervisor/systemd.h"
#include "supervisor/upgrade.h"

/*
 * The master: one pool of workers a queue, the maintenance process, programs, and who may tell it
 * what to do. It never waits for anything but its loop.
 */
enum master_phase {
    MASTER_RUNNING,
    MASTER_STOPPING, /* the workers finish */
    MASTER_STOPPING_PROGRAMS,
    MASTER_RETURNING, /* the leases of dead workers are given back */
    MASTER_CLOSING,   /* the maintenance process finishes */
};

struct master {
    struct ev_loop *loop;
    struct host host;
    struct reaper reaper;
    struct signals signals;
    struct systemd systemd;
    struct settings *settings;
    const char *config; /* the file that is read again, or NULL; the caller's */
    char *logfile;      /* that was opened at the start; NULL: standard error */
    struct control *control;
    struct web *web; /* NULL where the settings name no HTTP server */
    struct returns returns;
    struct maintenance maintenance;
    struct pool *pools;
    struct programs programs;
    struct scaling scaling;
    struct alerts alerts;
    struct audit audit;
    struct feed feed;        /* for those who look on */
    struct upgrade upgrade;
    struct state_in *resumed; /* while it begins: what another master has handed over; or NULL */
    enum master_phase phase; /* changed by one setter in master_turn.c alone */
    bool keeps_settings;     /* they came from a command line: there is nothing to read again */
    int stop_requests;
    bool has_failed;  /* it stops because a program is FATAL */
    bool starts_over; /* when all is stopped, with the configuration as it is then */
    int64_t started_wall_ms;
    ev_prepare turn;
    ev_timer return_limit;
};

/* Takes the settings over (in any case). The lock of the pid file is held. resumed is what another
 * master has handed over, which is taken over in master_run; NULL: all begins anew. Returns 0, or -1
 * with err; master_finish is due in either case. */
int master_init(struct master *master, struct settings *settings, const char *config,
                struct state_in *resumed, struct err *err);
void master_finish(struct master *master);

/* Sends standard error, which children inherit, to the log file where there is one. Returns 0, or
 * -1 with err. */
int master_take_errors(struct master *master, struct err *err);

/* Runs until all is stopped. */
void master_run(struct master *master);

/* What it can be told to do. All but master_stop are refused (ERR_CONFLICT) while it stops.
 * master_stop: the first time workers finish their jobs, the second time the jobs are ended, the
 * third time all is killed. master_restart replaces the workers of a queue, or of all (NULL). */
void master_stop(struct master *master);
int master_restart(struct master *master, const char *queue, struct err *err);
int master_reload(struct master *master, struct err *err);

/* Stops all and begins anew in the same process, as Supervisor's restart does. A configuration that
 * is wrong is refused while there is time. */
int master_start_over(struct master *master, struct err *err);

/* Reads the configuration again for programs alone, and makes that what is available. */
int master_reread_programs(struct master *master, struct err *err);
void master_reopen_logs(struct master *master);

/* The log of musterd alone, and of its workers, which may share it. */
void master_reopen_main_log(struct master *master);

/* The pool of a queue, NULL where there is none. */
struct pool *master_pool(const struct master *master, const char *queue);

/* For the reload. master_add_pool makes a pool, master_resize sets how many workers it shall have:
 * one that is scaled and has some keeps them, within its bounds.
 * master_adopt makes settings the present ones, of a new generation; the caller destroys what
 * master->settings was before (or settings, where it fails: -1 with err). */
struct pool *master_add_pool(struct master *master, const char *queue);
void master_resize(struct master *master, struct pool *pool, const struct queue_settings *queue);
int master_adopt(struct master *master, struct settings *settings, struct err *err);

/* Refuses what cannot be done while it stops. Returns 0, or -1 with err. */
int master_check_running(const struct master *master, const char *what, struct err *err);

/* Whether it can do its work: it does not stop, and each store is there by what was heard of it in
 * the last MASTER_SILENCE_MS (figures come once a second, and later where a store is slow). Asks
 * nobody. Returns 0, or -1 with err. */
#define MASTER_SILENCE_MS 30000
int master_check_ready(const struct master *master, struct err *err);

/* "running", "stopping", … as the status has it; constant. */
const char *master_phase_name(enum master_phase phase);

#endif
