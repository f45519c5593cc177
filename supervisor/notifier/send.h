/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_NOTIFIER_SEND_H
#define SUPERVISOR_NOTIFIER_SEND_H

#include "common/err.h"
#include "common/settings.h"
#include "supervisor/notifier/message.h"

/* One try to send one message. Blocks for at most the settings' timeout. */
enum send_result {
    SEND_DONE,
    SEND_AGAIN, /* err says what went wrong; it may be better later */
    SEND_NEVER, /* likewise, but it will not */
};

/* By one way: a POST to the url of a webhook or of Slack; standard input of a command or of
 * sendmail. err is set where the result is not SEND_DONE. */
enum send_result send_http(const struct notify_settings *settings, const struct message *message,
                           struct err *err);
enum send_result send_program(const struct notify_settings *settings, const struct message *message,
                              struct err *err);

/* By the settings' kind. */
enum send_result send_message(const struct notify_settings *settings, const struct message *message,
                              struct err *err);

#endif
