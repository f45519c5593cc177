/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PROGRAM_H
#define WORKER_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/settings.h"
#include "common/spawn.h"
#include "queue/job.h"

/*
 * The program that a queue's handlers run: its command line and its environment, made once. What
 * depends on the job is put in before each start, in texts of fixed size.
 */
#define PROGRAM_JOB_VARIABLES 8
#define PROGRAM_VARIABLE_SIZE (JOB_NAME_MAX + 64)

struct program {
    const struct queue_settings *queue;
    char *label;   /* "queue emails": whose program it is */
    char *section; /* "[queue:emails]": where it is told */
    char **argv;
    char **envp;        /* room for the job's variables at the end */
    size_t fixed_count; /* of envp */
    char *variables;    /* PROGRAM_JOB_VARIABLES texts of PROGRAM_VARIABLE_SIZE */
};

/* The handler of a queue (class NULL) or of the [job:CLASS] that it is taken from, for a worker of
 * this id. queue must outlive it. Returns 0, or -1 with err. */
int program_init(struct program *program, const struct queue_settings *queue, const char *class,
                 const char *worker_id, struct err *err);
void program_finish(struct program *program);

/* Looks whether the program is there and may be run. Returns 0, or -1 with err naming the queue or the class,
 * the command and the cure. */
int program_check(const struct program *program, struct err *err);

/* What a start of it takes, all but the descriptors; valid until the job is changed. */
struct spawn_request program_request(const struct program *program);

/* Fills err with why a start failed: whose program it is, the cause and its cure. Returns -1. */
int program_explain(const struct program *program, const struct spawn_child *child, int cause,
                    struct err *err);

/* Puts a job into the environment (NULL: none), for the next start. */
void program_set_job(struct program *program, const struct job *job);

#endif
