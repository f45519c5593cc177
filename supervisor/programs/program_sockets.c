/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_sockets.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"

#define FIRST_SOCKET  3
#define NAMES_MAX     1024
#define PAUSE_SECONDS 1. /* between starts of one that ends without taking its connection */

struct program_sockets {
    struct program *program;
    struct socket_list list;
    struct listening *held[SOCKETS_MAX]; /* NULL: it could not be opened yet */
    ev_io connections[SOCKETS_MAX];
    ev_timer pause;
};

static struct listenings *listenings_of(const struct program *program)
{
    return &program->host->listenings;
}

/* Waiting for a connection */

static void stop_waiting(struct program_sockets *sockets)
{
    struct ev_loop *loop = sockets->program->host->host->loop;
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        ev_io_stop(loop, &sockets->connections[i]);
    ev_timer_stop(loop, &sockets->pause);
}

static void on_connection(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct program_sockets *sockets = watch->data;
    struct program *program = sockets->program;
    stop_waiting(sockets);
    if (!program_may_start(program))
        return;
    log_write(LOG_INFO, "socket activation: a connection starts %s", program->process->name);
    program_handle(program, EVENT_START);
}

static void wait_for_connections(struct program_sockets *sockets)
{
    struct ev_loop *loop = sockets->program->host->host->loop;
    for (size_t i = 0; i < sockets->list.count; i++) {
        if (!sockets->held[i])
            continue;
        ev_io_stop(loop, &sockets->connections[i]);
        ev_io_set(&sockets->connections[i], sockets->held[i]->fd, EV_READ);
        ev_io_start(loop, &sockets->connections[i]);
    }
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    wait_for_connections(timer->data);
}

/* One that somebody has stopped, or that has failed, waits for somebody to start it. */
void program_sockets_note_state(struct program *program)
{
    struct program_sockets *sockets = program->sockets;
    if (!sockets)
        return;
    stop_waiting(sockets);
    if (!program->settings->socket_activation || program->host->is_stopping)
        return;
    if (program->state == PROCESS_STOPPED && !program->was_started)
        wait_for_connections(sockets);
    if (program->state != PROCESS_EXITED)
        return;
    ev_timer_set(&sockets->pause, PAUSE_SECONDS, 0.);
    ev_timer_start(program->host->host->loop, &sockets->pause);
}

/* Opening and closing */

static int open_all(struct program_sockets *sockets, struct err *err)
{
    int result = 0;
    for (size_t i = 0; i < sockets->list.count && result == 0; i++) {
        if (!sockets->held[i])
            sockets->held[i] =
                listening_hold(listenings_of(sockets->program), &sockets->list.items[i], err);
        result = sockets->held[i] ? 0 : -1;
    }
    return result;
}

static struct program_sockets *create(struct program *program)
{
    struct program_sockets *sockets = mem_new(1, sizeof *sockets);
    struct err err = ERR_INIT;
    sockets->program = program;
    socket_list_parse(program->process->sockets, &sockets->list, NULL); /* it was checked */
    ev_init(&sockets->pause, on_pause_over);
    sockets->pause.data = sockets;
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        ev_io_init(&sockets->connections[i], on_connection, -1, EV_READ);
        sockets->connections[i].data = sockets;
    }
    if (open_all(sockets, &err) < 0)
        log_write(LOG_ERROR, "%s: %s", program->process->name, err.text);
    return sockets;
}

static void destroy(struct program_sockets *sockets)
{
    if (!sockets)
        return;
    stop_waiting(sockets);
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        listening_release(listenings_of(sockets->program), sockets->held[i]);
    free(sockets);
}

/* The new ones are held before the old ones are let go, so that what is in both stays open. */
void program_sockets_follow(struct program *program)
{
    struct program_sockets *before = program->sockets;
    if (!before && !program->process->sockets)
        return;
    program->sockets = program->process->sockets ? create(program) : NULL;
    destroy(before);
    program_sockets_note_state(program);
}

void program_sockets_end(struct program *program)
{
    destroy(program->sockets);
    program->sockets = NULL;
}

/* For a start */

int program_sockets_prepare(struct program *program, struct err *err)
{
    return program->sockets ? open_all(program->sockets, err) : 0;
}

size_t program_sockets_add(const struct program *program, struct spawn_fd *fds, size_t count)
{
    const struct program_sockets *sockets = program->sockets;
    for (size_t i = 0; sockets && i < sockets->list.count; i++)
        fds[count++] = (struct spawn_fd){sockets->held[i]->fd, FIRST_SOCKET + (int)i};
    return count;
}

void program_sockets_each(const struct program *program,
                          void (*each)(void *context, const char *url, int fd), void *context)
{
    const struct program_sockets *sockets = program->sockets;
    for (size_t i = 0; sockets && i < sockets->list.count; i++)
        if (sockets->held[i])
            each(context, sockets->held[i]->url, sockets->held[i]->fd);
}

char *program_sockets_names(const struct program *program, size_t *count)
{
    const struct program_sockets *sockets = program->sockets;
    *count = sockets ? sockets->list.count : 0;
    if (*count == 0)
        return NULL;
    struct buf names;
    buf_init(&names, NAMES_MAX);
    for (size_t i = 0; i < *count; i++) {
        const char *name = sockets->list.items[i].name;
        buf_printf(&names, "%s%s",
                   i ? ":" : "LISTEN_FDNAMES=", name[0] ? name : program->entry->name);
    }
    return buf_steal(&names);
}
