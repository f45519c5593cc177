/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_HOST_ROOM_H
#define SUPERVISOR_SCALING_HOST_ROOM_H

#include "scaler/guard.h"

/* Reads how full this host is from /proc; what it does not tell is negative. */
void host_room_read(struct host_figures *figures);

#endif
