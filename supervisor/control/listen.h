/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_LISTEN_H
#define SUPERVISOR_CONTROL_LISTEN_H

#include "common/err.h"
#include "common/supervisor_settings.h"

/* A listening, non-blocking socket for [unix_http_server] or [inet_http_server]. A unix socket gets
 * its mode and owner before anybody can connect; one that nobody listens at any more is replaced.
 * -1 with err. */
int listen_open(const struct http_server_settings *settings, struct err *err);

/* Gives a unix socket that is open the mode and owner of these settings. What cannot be done is
 * said in the log. */
void listen_adapt(const struct http_server_settings *settings);

#endif
