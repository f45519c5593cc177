/* SPDX-License-Identifier: MIT */
#include "supervisor/master.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/path.h"
#include "scaler/bounds.h"
#include "supervisor/commands.h"
#include "supervisor/control/web.h"
#include "supervisor/daemon.h"
#include "supervisor/launch.h"
#include "supervisor/main_log.h"
#include "supervisor/master_turn.h"
#include "supervisor/snapshot.h"
#include "supervisor/state_parts.h"

#define MAINTENANCE_BOOT_MS  60000 /* it may have to wait for a store that is being repaired */
#define MAINTENANCE_DRAIN_MS 10000
/* Pools */

struct pool *master_pool(const struct master *master, const char *queue)
{
    for (struct pool *pool = master->pools; pool; pool = pool->next)
        if (strcmp(pool->queue, queue) == 0)
            return pool;
    return NULL;
}

struct pool *master_add_pool(struct master *master, const char *queue)
{
    struct pool *pool = pool_create(&master->host, &master->returns, queue);
    struct pool **link = &master->pools;
    while (*link)
        link = &(*link)->next;
    *link = pool;
    return pool;
}

void master_resize(struct master *master, struct pool *pool, const struct queue_settings *queue)
{
    int64_t others = 0;
    for (const struct pool *other = master->pools; other; other = other->next)
        others += other == pool ? 0 : other->wanted;
    bool is_scaled = scaling_scales(&master->scaling, queue);
    struct bounds bounds = bounds_of(queue, is_scaled);
    int64_t asked = is_scaled && pool->is_sized ? pool->wanted : queue->workers;
    pool->wanted = bounds_clamp(&bounds, asked, others);
    pool->is_sized = true;
    if (pool->wanted < bounds.min)
        log_write(LOG_WARN, "queue %s gets %lld of %lld workers: there are %d in all", queue->name,
                  (long long)pool->wanted, (long long)bounds.min, BOUNDS_TOTAL_MAX);
    master->host.changed = true;
}

static void on_swept(void *context)
{
    struct master *master = context;
    returns_release(&master->returns);
    master->host.changed = true;
}

/* What a program leaves behind lives on, as under Supervisor. */
static bool on_orphan(void *context, pid_t pid)
{
    const struct master *master = context;
    return programs_own(&master->programs, pid);
}

/* Who writes to our log by its name, and standard error, go on with the new file. */
static void on_log_rotated(void *context)
{
    master_reopen_main_log(context);
}

/* The figures count for the settings that they were taken by. */
static void on_measured(void *context, const struct queue_metrics *metrics)
{
    struct master *master = context;
    const struct settings *settings = master->settings;
    if (metrics->settings_generation != settings->generation ||
        metrics->queue >= settings->queue_count)
        return;
    struct pool *pool = master_pool(master, settings->queues[metrics->queue].name);
    if (pool)
        pool_measured(pool, metrics);
}

static void on_store(void *context, const char *connection, bool is_away)
{
    struct master *master = context;
    alerts_store(&master->alerts, connection, is_away);
}

/* What it can be told */

int master_restart(struct master *master, const char *queue, struct err *err)
{
    if (master_check_running(master, "a restart of the workers", err) < 0)
        return -1;
    if (queue && !master_pool(master, queue))
        return err_set(err, ERR_NOT_FOUND, "there is no queue %s in the configuration", queue);
    for (struct pool *pool = master->pools; pool; pool = pool->next)
        if (!queue || strcmp(queue, pool->queue) == 0)
            pool_replace(pool);
    return 0;
}

int master_take_errors(struct master *master, struct err *err)
{
    return master->logfile ? daemon_redirect_errors(master->logfile, err) : 0;
}

void master_reopen_main_log(struct master *master)
{
    struct err err = ERR_INIT;
    log_reopen();
    audit_reopen(&master->audit);
    if (master_take_errors(master, &err) < 0)
        log_write(LOG_ERROR, "%s", err.text);
    process_tell(&master->maintenance.process, RECORD_REOPEN_LOGS);
    for (struct pool *pool = master->pools; pool; pool = pool->next)
        pool_tell(pool, RECORD_REOPEN_LOGS);
}

void master_reopen_logs(struct master *master)
{
    master_reopen_main_log(master);
    programs_reopen_logs(&master->programs);
}

/* Beginning and end */

static void take_settings(struct master *master, struct settings *settings)
{
    master->settings = settings;
    master->host.backoff = (struct backoff_policy){
        .delay_ms = settings->muster.restart_delay,
        .delay_max_ms = settings->muster.restart_delay_max,
    };
    process_set_limits(&master->maintenance.process,
                       &(struct health_limits){
                           .boot_ms = MAINTENANCE_BOOT_MS,
                           .drain_ms = MAINTENANCE_DRAIN_MS,
                           .terminate_ms = settings->muster.kill_timeout,
                       });
}

int master_adopt(struct master *master, struct settings *settings, struct err *err)
{
    settings->generation = master->settings ? master->settings->generation + 1 : 1;
    int snapshot = snapshot_create(settings, err);
    if (snapshot < 0)
        return -1;
    fd_close(&master->host.snapshot);
    master->host.snapshot = snapshot;
    take_settings(master, settings);
    alerts_configure(&master->alerts);
    return 0;
}

static int open_control(struct master *master, struct err *err)
{
    const char *path = master->settings->muster.socket;
    char *directory = path_directory(path);
    int result = fd_mkdir_parents(directory, 0755, err);
    free(directory);
    const struct control_options options = {
        .loop = master->loop,
        .path = path,
        .listener = state_control_listener(master->resumed),
        .answer = commands_answer,
        .context = master};
    if (result == 0)
        master->control = control_create(&options, err);
    return master->control ? 0 : -1;
}

static void init_host(struct master *master)
{
    master->host = (struct host){
        .loop = master->loop,
        .clock = &clock_system,
        .reaper = &master->reaper,
        .program = launch_find_program(),
        .snapshot = -1,
        .is_resuming = master->resumed != NULL,
        .changed = true,
    };
}

static void init_watches(struct master *master)
{
    signals_init(&master->signals, master->loop, master);
    systemd_init(&master->systemd, master->loop);
    master_turn_init(master);
    master->maintenance = (struct maintenance){
        .returns = &master->returns, .measured = on_measured, .store = on_store, .context = master};
    maintenance_init(&master->maintenance, &master->host);
    main_log_set_rotated(on_log_rotated, master);
    alerts_init(&master->alerts, master);
    upgrade_init(&master->upgrade, master);
}

static void open_audit(struct master *master, const struct settings *settings)
{
    char *path = audit_path(settings);
    audit_init(&master->audit, path, &master->feed);
    free(path);
}

int master_init(struct master *master, struct settings *settings, const char *config,
                struct state_in *resumed, struct err *err)
{
    *master = (struct master){.config = config, .resumed = resumed};
    master->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!master->loop) {
        settings_destroy(settings);
        return err_set(err, ERR_SYSTEM, "cannot start the event loop (epoll)");
    }
    master->started_wall_ms = clock_wall_ms(&clock_system);
    init_host(master);
    init_watches(master);
    master->reaper = (struct reaper){.swept = on_swept, .spares = on_orphan, .context = master};
    if (reaper_init(&master->reaper, master->loop, err) < 0 ||
        master_adopt(master, settings, err) < 0) {
        settings_destroy(settings);
        return -1;
    }
    scaling_init(&master->scaling, master);
    if (settings->muster.logfile[0])
        master->logfile = mem_strdup(settings->muster.logfile);
    if (programs_init(&master->programs, &master->host, settings, err) < 0)
        return -1;
    open_audit(master, settings);
    if (open_control(master, err) < 0)
        return -1;
    master->web = web_resume(master, &settings->supervisor, state_web_listener, resumed, err);
    return master->web ? 0 : -1;
}

static void make_pools(struct master *master)
{
    for (size_t i = 0; i < master->settings->queue_count; i++) {
        const struct queue_settings *queue = &master->settings->queues[i];
        struct pool *pool = master_add_pool(master, queue->name);
        pool_configure(pool, master->settings, queue);
        master_resize(master, pool, queue);
    }
}

void master_run(struct master *master)
{
    if (master->settings->serves_queues)
        make_pools(master);
    scaling_follow(&master->scaling);
    if (master->resumed)
        state_load(master, master->resumed);
    programs_begin(&master->programs);
    master->host.is_resuming = false;
    log_write(LOG_INFO, "musterd " MUSTER_VERSION " %s with pid %d",
              master->resumed ? "goes on" : "started", (int)getpid());
    master->resumed = NULL;
    systemd_tell_ready(&master->systemd);
    ev_run(master->loop, 0);
    log_write(LOG_INFO, "musterd stopped");
}

void master_finish(struct master *master)
{
    if (!master->loop)
        return;
    main_log_set_rotated(NULL, NULL);
    scaling_finish(&master->scaling);
    control_destroy(master->control);
    while (master->pools) {
        struct pool *pool = master->pools;
        master->pools = pool->next;
        pool_destroy(pool);
    }
    programs_finish(&master->programs);
    alerts_finish(&master->alerts);
    upgrade_finish(&master->upgrade);
    maintenance_finish(&master->maintenance); /* web's calls to stores fail, and are noted */
    audit_finish(&master->audit);
    web_destroy(master->web);
    reaper_finish(&master->reaper);
    returns_finish(&master->returns);
    signals_finish(&master->signals, master->loop);
    systemd_finish(&master->systemd);
    master_turn_finish(master);
    fd_close(&master->host.snapshot);
    free(master->host.program);
    free(master->logfile);
    settings_destroy(master->settings);
    ev_loop_destroy(master->loop);
}
