/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_MASTER_TURN_H
#define SUPERVISOR_MASTER_TURN_H

/*
 * The end of each turn of the master's loop in which something has changed: everything is looked
 * after, and the master goes from one phase to the next. master_stop (master.h) sets it on its way
 * to the end.
 */
struct master;

/* Once its loop is there; its last, before the loop goes. */
void master_turn_init(struct master *master);
void master_turn_finish(struct master *master);

#endif
