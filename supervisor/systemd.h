/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SYSTEMD_H
#define SUPERVISOR_SYSTEMD_H

#include <ev.h>

/*
 * What the service manager is told (sd_notify(3)): datagrams of NAME=VALUE lines to $NOTIFY_SOCKET.
 * Written here, because libsystemd would cost a megabyte of memory for these few lines.
 */
struct systemd {
    struct ev_loop *loop;
    char *socket; /* NULL where nobody wants to know */
    ev_timer watchdog;
};

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment, so that no child
 * speaks for the master, and begins to send signs of life where they are wanted: two in an
 * interval. */
void systemd_init(struct systemd *systemd, struct ev_loop *loop);

/* Puts them back, for the program that this one becomes by exec. */
void systemd_restore(const struct systemd *systemd);

/* Ends the signs of life; says nothing to the manager. Nothing may be told after it. */
void systemd_finish(struct systemd *systemd);

/* Begun, or settings taken over; reading settings; stopping. None of them fails: a manager that
 * does not listen keeps nothing from working. */
void systemd_tell_ready(const struct systemd *systemd);
void systemd_tell_reloading(const struct systemd *systemd);
void systemd_tell_stopping(const struct systemd *systemd);

#endif
