/* SPDX-License-Identifier: MIT */
#include "supervisor/alerts/alerts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/master.h"

/* One condition of one queue or connection. */
struct alert {
    struct alert *next;
    enum alert_type type;
    char *subject;
    struct alert_state state;
    struct alert_finding finding; /* the last that held */
    int64_t since_wall_ms;        /* when it was raised */
    unsigned round;               /* that it was looked at last */
};

struct alert_store {
    struct alert_store *next;
    char *connection;
    bool is_away;
};

static int64_t now_ms(const struct alerts *alerts)
{
    return clock_monotonic_ms(alerts->master->host.clock);
}

static int64_t wall_ms(const struct alerts *alerts)
{
    return clock_wall_ms(alerts->master->host.clock);
}

/* Stores */

static struct alert_store *find_store(const struct alerts *alerts, const char *connection)
{
    for (struct alert_store *store = alerts->stores; store; store = store->next)
        if (strcmp(store->connection, connection) == 0)
            return store;
    return NULL;
}

void alerts_store(struct alerts *alerts, const char *connection, bool is_away)
{
    struct alert_store *store = find_store(alerts, connection);
    if (!store) {
        store = mem_new(1, sizeof *store);
        store->connection = mem_strdup(connection);
        store->next = alerts->stores;
        alerts->stores = store;
    }
    store->is_away = is_away;
}

bool alerts_store_is_away(const struct alerts *alerts, const char *connection)
{
    const struct alert_store *store = find_store(alerts, connection);
    return store && store->is_away;
}

/* Telling */

static const char *subject_name(enum alert_type type)
{
    return type < ALERT_QUEUE_TYPES ? "queue" : "connection";
}

static cJSON *describe(const struct alert *alert)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", alert_type_name(alert->type));
    cJSON_AddStringToObject(object, "severity",
                            alert_severity_name(alert_severity_of(alert->type)));
    cJSON_AddStringToObject(object, "message", alert->finding.message);
    cJSON_AddNumberToObject(object, "value", alert->finding.value);
    cJSON_AddNumberToObject(object, "threshold", alert->finding.threshold);
    cJSON_AddStringToObject(object, subject_name(alert->type), alert->subject);
    cJSON_AddStringToObject(object, "host", host);
    cJSON_AddNumberToObject(object, "since", (double)alert->since_wall_ms);
    return object;
}

static void remember(struct alerts *alerts, const cJSON *event)
{
    cJSON_AddItemToArray(alerts->history, cJSON_Duplicate(event, true));
    if (cJSON_GetArraySize(alerts->history) > ALERT_HISTORY_MAX)
        cJSON_DeleteItemFromArray(alerts->history, 0);
}

static void log_event(const struct alert *alert, enum alert_event event)
{
    static const enum log_level levels[] = {
        [SEVERITY_ERROR] = LOG_ERROR, [SEVERITY_WARNING] = LOG_WARN, [SEVERITY_INFO] = LOG_INFO};
    enum log_level level = levels[alert_severity_of(alert->type)];
    log_about(event == ALERT_RESOLVED ? LOG_INFO : level, "alert", alert_type_name(alert->type),
              "%s: %s", alert_event_name(event), alert->finding.message);
}

static bool may_send(struct alerts *alerts)
{
    int64_t minute = now_ms(alerts) / 60000;
    if (minute != alerts->minute) {
        alerts->minute = minute;
        alerts->in_minute = 0;
    }
    if (++alerts->in_minute == ALERTS_A_MINUTE + 1)
        log_write(LOG_WARN, "alerts: more than %d in a minute; the others are in the log alone",
                  ALERTS_A_MINUTE);
    return alerts->in_minute <= ALERTS_A_MINUTE;
}

static void tell(struct alerts *alerts, struct alert *alert, enum alert_event event)
{
    int64_t time_ms = wall_ms(alerts);
    if (event == ALERT_RAISED)
        alert->since_wall_ms = time_ms;
    log_event(alert, event);
    cJSON *object = describe(alert);
    cJSON_AddStringToObject(object, "state", alert_event_name(event));
    cJSON_AddNumberToObject(object, "time", (double)time_ms);
    remember(alerts, object);
    feed_put(&alerts->master->feed, "alert", object);
    if (may_send(alerts))
        notify_send(&alerts->notify, alert_severity_of(alert->type), object);
    cJSON_Delete(object);
}

/* Looking */

static struct alert *find(struct alerts *alerts, enum alert_type type, const char *subject)
{
    struct alert *alert = alerts->first;
    while (alert && (alert->type != type || strcmp(alert->subject, subject) != 0))
        alert = alert->next;
    if (alert)
        return alert;
    alert = mem_new(1, sizeof *alert);
    alert->type = type;
    alert->subject = mem_strdup(subject);
    alert->next = alerts->first;
    alerts->first = alert;
    return alert;
}

static void look_at(struct alerts *alerts, enum alert_type type, const struct alert_view *view,
                    const struct alert_options *options)
{
    const struct monitoring_settings *settings = &alerts->master->settings->monitoring;
    const struct alert_timing timing = {.hold_ms = alert_hold_ms(type),
                                        .clear_ms = settings->alert_clear,
                                        .repeat_ms = settings->alert_repeat};
    struct alert *alert = find(alerts, type, view->subject);
    struct alert_finding finding;
    alert_judge(type, view, options, &finding);
    alert->round = alerts->round;
    if (finding.judgement == ALERT_HOLDS)
        alert->finding = finding;
    enum alert_event event = alert_step(&alert->state, finding.judgement, &timing, now_ms(alerts));
    if (event != ALERT_NOTHING)
        tell(alerts, alert, event);
}

static double memory_percent(const struct pool *pool, int64_t limit)
{
    uint64_t most = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        if (worker->process.state == PROCESS_RUNNING && worker->heartbeat.largest > most)
            most = worker->heartbeat.largest;
    return limit > 0 ? 100. * (double)most / (double)limit : 0;
}

static unsigned failures_of(const struct pool *pool)
{
    unsigned most = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        if (worker->process.failures > most)
            most = worker->process.failures;
    return most;
}

static struct alert_view view_of(const struct alerts *alerts, const struct pool *pool,
                                 const struct queue_settings *queue)
{
    const struct queue_metrics *metrics = &pool->metrics;
    int64_t window_ms = alerts->master->settings->monitoring.alert_window;
    bool is_stalled = pool->stalled_ms > 0 && now_ms(alerts) - pool->stalled_ms < window_ms;
    return (struct alert_view){
        .subject = pool->queue,
        .has_figures = pool->has_metrics && !alerts_store_is_away(alerts, queue->connection),
        .is_ours = metrics->is_leader,
        .ready = metrics->ready,
        .oldest_ms = metrics->oldest_ms,
        .ended = metrics->window_ended,
        .failed = metrics->window_failed,
        .is_paused = pool->pause == POOL_PAUSED,
        .wanted = pool->wanted,
        .running = pool_running(pool),
        .stalled = is_stalled ? pool->stalled : 0,
        .failures = failures_of(pool),
        .memory = memory_percent(pool, queue->options.memory),
    };
}

static void look_at_queues(struct alerts *alerts)
{
    const struct settings *settings = alerts->master->settings;
    for (struct pool *pool = alerts->master->pools; pool; pool = pool->next) {
        const struct queue_settings *queue = settings_queue(settings, pool->queue);
        if (!queue)
            continue;
        struct alert_view view = view_of(alerts, pool, queue);
        if (view.stalled == 0)
            pool->stalled = 0;
        for (enum alert_type type = 0; type < ALERT_QUEUE_TYPES; type++)
            look_at(alerts, type, &view, &queue->alerts);
    }
}

static void look_at_connections(struct alerts *alerts)
{
    const struct settings *settings = alerts->master->settings;
    for (size_t i = 0; settings->serves_queues && i < settings->connection_count; i++) {
        const char *name = settings->connections[i].name;
        const struct alert_view view = {.subject = name,
                                        .store_is_away = alerts_store_is_away(alerts, name)};
        look_at(alerts, ALERT_STORE_DOWN, &view, &settings->monitoring.alerts);
    }
}

/* What has gone from the configuration has no alerts any more. */
static void forget_others(struct alerts *alerts)
{
    struct alert **link = &alerts->first;
    while (*link) {
        struct alert *alert = *link;
        if (alert->round == alerts->round) {
            link = &alert->next;
            continue;
        }
        if (alert_is_active(&alert->state))
            tell(alerts, alert, ALERT_RESOLVED);
        *link = alert->next;
        free(alert->subject);
        free(alert);
    }
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct alerts *alerts = timer->data;
    if (alerts->master->phase != MASTER_RUNNING)
        return;
    alerts->round++;
    look_at_queues(alerts);
    look_at_connections(alerts);
    forget_others(alerts);
}

/* Describing */

void alerts_describe(const struct alerts *alerts, cJSON *active)
{
    for (const struct alert *alert = alerts->first; alert; alert = alert->next)
        if (alert_is_active(&alert->state))
            cJSON_AddItemToArray(active, describe(alert));
}

void alerts_describe_history(const struct alerts *alerts, cJSON *list)
{
    const cJSON *event;
    cJSON_ArrayForEach(event, alerts->history)
        cJSON_AddItemToArray(list, cJSON_Duplicate(event, true));
}

unsigned alerts_count(const struct alerts *alerts, enum alert_severity severity)
{
    unsigned count = 0;
    for (const struct alert *alert = alerts->first; alert; alert = alert->next)
        count += alert_is_active(&alert->state) && alert_severity_of(alert->type) == severity;
    return count;
}

/* Beginning and end */

void alerts_configure(struct alerts *alerts)
{
    const struct monitoring_settings *settings = &alerts->master->settings->monitoring;
    struct ev_loop *loop = alerts->master->loop;
    double seconds = (double)settings->alert_interval / 1000;
    ev_timer_stop(loop, &alerts->timer);
    if (!settings->enabled)
        return;
    ev_timer_set(&alerts->timer, seconds, seconds);
    ev_timer_start(loop, &alerts->timer);
}

void alerts_init(struct alerts *alerts, struct master *master)
{
    *alerts = (struct alerts){.master = master, .history = cJSON_CreateArray()};
    ev_init(&alerts->timer, on_timer);
    alerts->timer.data = alerts;
    notify_init(&alerts->notify, master);
}

void alerts_finish(struct alerts *alerts)
{
    ev_timer_stop(alerts->master->loop, &alerts->timer);
    notify_finish(&alerts->notify);
    cJSON_Delete(alerts->history);
    while (alerts->first) {
        struct alert *alert = alerts->first;
        alerts->first = alert->next;
        free(alert->subject);
        free(alert);
    }
    while (alerts->stores) {
        struct alert_store *store = alerts->stores;
        alerts->stores = store->next;
        free(store->connection);
        free(store);
    }
}
