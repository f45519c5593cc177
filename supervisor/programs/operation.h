/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_OPERATION_H
#define SUPERVISOR_PROGRAMS_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include <ev.h>

#include "supervisor/programs/select.h"

/*
 * What is done to several programs, and takes its time: each is begun, and what becomes of it is
 * looked at whenever some program's state changes. Whoever asked may be told at the end, or ask by
 * the operation's number.
 */
enum operation_kind { OPERATION_START, OPERATION_STOP, OPERATION_RESTART, OPERATION_RELOAD };

enum operation_stage { ITEM_WAITING, ITEM_STOPS, ITEM_STARTS, ITEM_RELOADS, ITEM_DONE };

struct operation_item {
    struct program *program; /* NULL when it is not there any more */
    char *group, *name;
    enum operation_stage stage;
    enum fault fault; /* when it is done */
    char *text;       /* why not; NULL for FAULT_SUCCESS */
    size_t place;     /* among those that were named */
    bool at_once;     /* nothing had to be waited for */
};

struct operation_request {
    enum operation_kind kind;
    bool waits; /* false: it is over when all have been begun, with how that went (not of a restart)
                 */
    bool only_needed;      /* leaves out those that run already, of a start; that do not run, of a
                            * stop or reload, and then those that have no way to be reloaded */
    bool stops_at_failure; /* begins no others when one has failed */
    size_t width;          /* so many at a time; 0: all */
    void (*finished)(void *context, const struct operation *operation); /* or NULL */
    void *context;
};

struct operation {
    struct operation *next;
    struct programs *programs;
    unsigned number;
    struct operation_request request;
    struct operation_item *items;
    size_t item_count, done_count;
    bool has_order; /* some depend on others */
    bool has_begun; /* operation_begin is over */
    bool has_ended; /* finished has been called */
    ev_timer report;
};

/* Begins; finished may be called before this returns. The operation lives until as many others have
 * ended as OPERATIONS_KEPT. */
#define OPERATIONS_KEPT 32
struct operation *operation_begin(struct programs *programs, const struct program_list *list,
                                  const struct operation_request *request);

/* One that has no items yet and has not begun; for one that is taken over. */
struct operation *operation_make(struct programs *programs, unsigned number,
                                 enum operation_kind kind);

/* True where all have ended. */
bool operations_have_ended(const struct programs *programs);

/* By number; NULL where there is none (any more). */
const struct operation *operation_find(const struct programs *programs, unsigned number);

/* For programs.c: looks how far all are; a program goes; all go. */
void operations_look(struct programs *programs);
void operations_forget_program(struct programs *programs, const struct program *program);
void operations_finish(struct programs *programs);

#endif
