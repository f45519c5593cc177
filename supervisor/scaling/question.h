/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_QUESTION_H
#define SUPERVISOR_SCALING_QUESTION_H

#include <stddef.h>

#include "common/settings.h"
#include "supervisor/host.h"

/*
 * One question to a queue's scaling command: a child of the master that is given a text on its
 * standard input, and whose standard output is the answer. The master does not wait: what the
 * command leaves unread, writes without end or takes too long for ends it.
 */
struct question;

/* Called once: text is what it wrote (followed by a NUL), or NULL and why says what is wrong. */
typedef void (*question_done_fn)(void *context, const char *text, size_t length,
                                 const struct err *why);

/* Starts the queue's scaling_command. The question frees itself behind done. NULL with err where
 * it cannot be started. */
struct question *question_start(struct host *host, const struct queue_settings *queue,
                                const char *text, size_t length, question_done_fn done,
                                void *context, struct err *err);

/* Kills the command and forgets the question: done is not called. Accepts NULL. */
void question_forget(struct question *question);

#endif
