/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_GROUP_H
#define SUPERVISOR_PROGRAMS_PROGRAM_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/program_settings.h"
#include "supervisor/programs/program.h"

struct fcgi_socket;
struct listener_pool;

/* Programs that are started and stopped together, with what they share. */
struct program_group {
    struct program_host *host;
    struct group_settings *settings; /* held */
    struct program **members;        /* in the order that they are started in */
    size_t member_count;
    bool is_stopping;           /* all have been told to stop, for good */
    bool leaves;                /* it is removed when they have */
    bool returns;               /* and then made anew, with the settings that are available */
    struct fcgi_socket *socket; /* of an [fcgi-program:x] */
    struct listener_pool *pool; /* of an [eventlistener:x] */
};

/* A group whose programs are stopped; holds the settings. NULL with err on failure. */
struct program_group *program_group_create(struct program_host *host,
                                           struct group_settings *settings, struct err *err);

/* Only when none of its programs has a process. */
void program_group_destroy(struct program_group *group);

/* A program more, at the end; its settings belong to source. It is not started. */
struct program *program_group_add_member(struct program_group *group, struct group_settings *source,
                                         const struct program_entry *entry,
                                         const struct process_settings *process);

/* The program of the process of this name; NULL where the group has none. */
struct program *program_group_find(const struct program_group *group, const char *process);

/* True when all its programs are STOPPED, EXITED, FATAL or UNKNOWN. */
bool program_group_is_stopped(const struct program_group *group);

/* Stops all for good, the highest priority first; those that wait for their next start are given
 * up. */
void program_group_stop(struct program_group *group);

/* For its programs. prepare: a process is about to be started; 0, or -1 with err. ended: that came
 * to nothing, or it has ended. */
int program_group_prepare(struct program_group *group, struct program *program, struct err *err);
void program_group_ended(struct program_group *group, struct program *program);
int program_group_socket(const struct program_group *group); /* -1: there is none */
const char *program_group_name(const struct program_group *group);

/* A copy of its programs by priority, the lowest first: malloc'd, member_count long. */
struct program **program_group_by_priority(const struct program_group *group);

#endif
