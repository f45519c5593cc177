/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_NOTIFIER_MESSAGE_H
#define SUPERVISOR_NOTIFIER_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/settings.h"

/* What is sent of an event (docs/alerts.md), in its several forms: pure. */
struct message {
    char *json; /* the event as it came, on one line; owned */
    cJSON *event;
    uint32_t severity; /* its bit */
};

#define MESSAGE_MAX (64u << 10) /* bytes of one form */

/* Reads one line. Returns 0, or -1 with err; to be ended with message_finish either way. */
int message_read(struct message *message, const char *line, size_t length, struct err *err);
void message_finish(struct message *message);

/* "[ERROR] Queue mails has no running worker, 2 are wanted (host1)"; one that is over begins with
 * "[RESOLVED]". Returns 0, or -1 past the cap. */
int message_text(const struct message *message, struct buf *out);

/* The same as Slack's {"text":"…"}. */
int message_slack(const struct message *message, struct buf *out);

/* The same as a mail with its headers, for sendmail -t. */
int message_mail(const struct message *message, const struct notify_settings *settings,
                 struct buf *out);

#endif
