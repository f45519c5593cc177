/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_WATCH_H
#define SUPERVISOR_PROGRAMS_WATCH_H

#include <stdbool.h>

#include <ev.h>

#include "common/json.h"
#include "supervisor/programs/notify_message.h"
#include "supervisor/programs/probe.h"

struct program;

/*
 * Whether a program is ready and well. There is one for each program with ready, health or
 * watchdog. A start that is not ready in time, and a process that is not well, are ended by
 * stopsignal, and KILL after stopwaitsecs; the program stays STARTING or RUNNING until then, and
 * goes on as if the process had ended by itself, not as expected.
 */
enum watch_verdict { WATCH_FINE, WATCH_NOT_READY, WATCH_UNHEALTHY, WATCH_SILENT };

struct program_watch {
    struct program *program;
    struct check ready; /* of the process that there is, or was */
    struct check health;
    struct probe probe;
    ev_timer look;               /* the next check */
    ev_timer limit;              /* until it is ready; then until its next sign of life */
    ev_timer patience;           /* until a process that is to end is killed */
    int ready_read, ready_write; /* of fd:N; -1: not open */
    ev_io ready_io;
    unsigned looks;             /* at whether it is ready */
    unsigned failures;          /* checks of its health, in a row */
    bool was_looked_at;         /* its health, since it runs */
    enum watch_verdict verdict; /* on the process that there is, or was last */
    char *complaint;            /* of the last check that failed; NULL: the last one has passed */
    char *reason;               /* why a process was ended last; NULL: none was */
    unsigned ended_count;       /* processes that were */
    char status[NOTIFY_STATUS_SIZE];
    struct program_watch *next_listener;
};

/* Makes, changes or removes the watch of a program, as its settings have it. */
void watch_configure(struct program *program);
void watch_destroy(struct program *program);

/* True where not startsecs, but the watch says that it runs. */
bool watch_decides(const struct program *program);

/* True where the process ends, or has ended, because it was not ready or not well. */
bool watch_has_condemned(const struct program *program);

/* True where an end with this wait status is what makes it ready. */
bool watch_is_ready_by(const struct program *program, int status);

/* Before a process is started: 0, or -1 with err. Then, until watch_launched or watch_ended, which
 * may also be without a process, the descriptor for it (-1: none), and its number there. */
int watch_prepare(struct program *program, struct err *err);
int watch_descriptor(const struct program *program, int *number);
void watch_launched(struct program *program);

/* Appends variables for the process: put takes a malloc'd text over. */
void watch_put_environment(const struct program *program, void (*put)(void *context, char *pair),
                           void *context);

/* In another state; about to be handled as ended; ended. */
void watch_changed(struct program *program);
void watch_drain(struct program *program);
void watch_ended(struct program *program);

/* Of a process that another master has started: restore before its state is known, with the reading
 * end of fd:N (-1: none), which is the watch's from here on; resume when it is. */
void watch_restore(struct program *program, int ready_read);
void watch_resume(struct program *program);

/* For sd_notify.c. */
void watch_told(struct program_watch *watch, const struct notify_message *message);

/* What is to be known of it: words behind a description; members of an object; one word for events,
 * NULL where it is fine. */
void watch_put_words(const struct program *program, struct buf *out);
void watch_describe(const struct program *program, cJSON *object);
const char *watch_word(const struct program *program);

#endif
