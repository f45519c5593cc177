/* SPDX-License-Identifier: MIT */

/* Reading the configuration again: into fresh settings, which are compared with the present ones;
 * only what differs is restarted. */
#include "supervisor/master.h"

#include "common/log.h"
#include "supervisor/control/web.h"
#include "supervisor/programs/update.h"
#include "supervisor/reload.h"

static void log_unserved(const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->unserved_count; i++)
        log_write(LOG_WARN, "reload: [muster] %s has changed, which takes a restart of musterd",
                  plan->unserved[i]);
}

static void remove_pool(struct pool *pool)
{
    pool_stop(pool);
    pool->has_metrics = false;
    pool->is_sized = false;
}

static void apply_queue(struct master *master, const struct reload_queue *change)
{
    if (change->change != QUEUE_KEPT)
        log_write(LOG_INFO, "reload: queue %s: %s", change->name,
                  reload_change_name(change->change));
    struct pool *pool = master_pool(master, change->name);
    if (change->change == QUEUE_REMOVED) {
        remove_pool(pool);
        return;
    }
    const struct queue_settings *queue = settings_queue(master->settings, change->name);
    if (!pool) /* one that was removed may still be there, with its last workers */
        pool = master_add_pool(master, change->name);
    pool_configure(pool, master->settings, queue);
    master_resize(master, pool, queue);
    if (change->change == QUEUE_REPLACED)
        pool_replace(pool);
}

/* Those that shrink come first, so that the bound over all queues does not hold back those that
 * grow. */
static void apply(struct master *master, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->queue_count; i++)
        if (plan->queues[i].change == QUEUE_REMOVED)
            apply_queue(master, &plan->queues[i]);
    for (size_t i = 0; i < plan->queue_count; i++)
        if (plan->queues[i].change != QUEUE_REMOVED)
            apply_queue(master, &plan->queues[i]);
    scaling_follow(&master->scaling);
    process_handle(&master->maintenance.process, EVENT_STOP);
}

/* Programs compare their groups themselves, each with what it has been started with. */
static size_t apply_programs(struct master *master)
{
    program_host_adapt(&master->programs.host, &master->settings->supervisor);
    programs_set_available(&master->programs, &master->settings->supervisor);
    size_t changed = programs_update(&master->programs);
    if (changed > 0)
        log_write(LOG_INFO, "reload: %zu groups of programs have changed", changed);
    return changed;
}

/* The programs' part alone: queues, and the generation that their workers know, stay as they are.
 */
static void swap_programs(struct master *master, struct settings *settings)
{
    struct supervisor_settings before = master->settings->supervisor;
    master->settings->supervisor = settings->supervisor;
    settings->supervisor = before;
}

static int compare_and_apply(struct master *master, struct settings *settings, struct err *err)
{
    struct settings *unneeded = settings;
    struct reload_plan *plan = reload_compare(master->settings, settings);
    int result = 0;
    if (!plan->differs) {
        swap_programs(master, settings);
    } else {
        struct settings *before = master->settings;
        result = master_adopt(master, settings, err);
        if (result == 0) {
            unneeded = before;
            log_unserved(plan);
            apply(master, plan);
        }
    }
    if (result == 0 && apply_programs(master) == 0 && !plan->differs)
        log_write(LOG_INFO, "reload: nothing has changed");
    reload_plan_destroy(plan);
    settings_destroy(unneeded);
    return result;
}

static int check_can_read(const struct master *master, const char *what, struct err *err)
{
    if (master_check_running(master, what, err) < 0)
        return -1;
    if (!master->keeps_settings)
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "the settings came from a command line: there is nothing to read again");
}

static int read_and_apply(struct master *master, struct err *err)
{
    struct settings *settings = settings_load(master->config, err);
    if (!settings)
        return err_prefix(err, "the configuration stays as it was");
    if (web_follow(master->web, &settings->supervisor, err) < 0) {
        settings_destroy(settings);
        return err_prefix(err, "the configuration stays as it was");
    }
    return compare_and_apply(master, settings, err);
}

int master_reload(struct master *master, struct err *err)
{
    if (check_can_read(master, "a reload", err) < 0)
        return -1;
    systemd_tell_reloading(&master->systemd);
    int result = read_and_apply(master, err);
    systemd_tell_ready(&master->systemd);
    return result;
}

int master_start_over(struct master *master, struct err *err)
{
    if (master_check_running(master, "a restart", err) < 0)
        return -1;
    struct settings *settings = settings_load(master->config, err);
    if (!settings)
        return err_prefix(err, "musterd goes on as it was");
    settings_destroy(settings);
    master->starts_over = true;
    master_stop(master);
    return 0;
}

int master_reread_programs(struct master *master, struct err *err)
{
    if (check_can_read(master, "reading the configuration", err) < 0)
        return -1;
    struct settings *settings = settings_load(master->config, err);
    if (!settings)
        return -1;
    programs_set_available(&master->programs, &settings->supervisor);
    settings_destroy(settings);
    return 0;
}
