/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_HOST_ROOM_H
#define SUPERVISOR_SCALING_HOST_ROOM_H

#include "scaler/guard.h"

/* How many percent of its memory.max a control group (version 2) in this directory uses, without
 * what its cache would give back; negative where it has no limit or is not there. */
double host_room_cgroup(const char *directory);

/* Reads how full this host is from /proc and its own control group; what they do not
 * tell is negative. */
void host_room_read(struct host_figures *figures);

#endif
