/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_ORDERS_H
#define SUPERVISOR_SCALING_ORDERS_H

#include "supervisor/scaling/scaling.h"

/*
 * Orders and the switch outlive musterd: they are kept in DATADIR/scaling-orders. The file is input
 * from outside: what cannot be read in it counts as nothing.
 */
void orders_save(const struct scaling *scaling);

/* Takes over what was kept, where it is newer than what is known. */
void orders_restore(struct scaling *scaling);

#endif
