/* SPDX-License-Identifier: MIT */
#include "worker/pausing.h"

#include "common/log.h"
#include "queue/pause.h"
#include "worker/intake.h"

void pausing_set(struct worker *worker, bool is_paused)
{
    enum pause_state before = worker->pause;
    worker->pause = is_paused ? PAUSE_YES : PAUSE_NO;
    if (worker->pause == before)
        return;
    if (is_paused) {
        log_write(LOG_INFO, "queue %s is paused: nothing is reserved", worker->plan->queue->name);
        intake_release(worker);
    } else {
        if (before == PAUSE_YES)
            log_write(LOG_INFO, "queue %s goes on", worker->plan->queue->name);
        worker->has_news = true;
    }
}

void pausing_look(struct worker *worker)
{
    struct link *link = &worker->link;
    struct err err = ERR_INIT;
    bool is_paused;
    char host[PAUSE_HOST_MAX + 1];
    pause_host(host);
    if (pause_find(&link->connection, worker->plan->queue->name, host, &is_paused, &err) < 0)
        link_failed(link, &err);
    else
        pausing_set(worker, is_paused);
}

void pausing_step(struct worker *worker)
{
    if (worker->pause == PAUSE_UNKNOWN && worker->phase == PHASE_WORKING &&
        link_is_usable(&worker->link))
        pausing_look(worker);
}

void pausing_pulse(struct worker *worker)
{
    if (worker->pause == PAUSE_YES && !link_is_away(&worker->link) && link_is_usable(&worker->link))
        pausing_look(worker);
}
