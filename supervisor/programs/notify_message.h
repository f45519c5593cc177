/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_NOTIFY_MESSAGE_H
#define SUPERVISOR_PROGRAMS_NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* What a program says of itself, by the protocol of sd_notify(3): lines NAME=VALUE. Others than
 * these are not for us. */
#define NOTIFY_STATUS_SIZE 200

struct notify_message {
    bool is_ready;     /* READY=1 */
    bool is_stopping;  /* STOPPING=1 */
    bool is_alive;     /* WATCHDOG=1 */
    bool wants_an_end; /* WATCHDOG=trigger: it knows that it is not well */
    bool has_status;
    char status[NOTIFY_STATUS_SIZE]; /* STATUS=…: one line of UTF-8, cut where it is longer */
};

/* Any bytes will do; what cannot be understood is passed over. */
void notify_message_read(const char *bytes, size_t length, struct notify_message *message);

/* What two messages say together, the later one where they say different things. */
void notify_message_add(struct notify_message *sum, const struct notify_message *later);

/* The message as text, "" where it says nothing; notify_message_read reads the same from it. */
#define NOTIFY_TEXT_SIZE (NOTIFY_STATUS_SIZE + 64)
void notify_message_write(const struct notify_message *message, char text[NOTIFY_TEXT_SIZE]);

#endif
