/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_STATE_EVENTS_H
#define SUPERVISOR_STATE_EVENTS_H

#include "supervisor/programs/listener_pool.h"
#include "supervisor/state.h"

/* What event listeners hand over: events that wait or are with one, and how far each has spoken. */
void state_save_pool(const struct listener_pool *pool, struct state_out *out, cJSON *into);
void state_load_pool(struct listener_pool *pool, struct state_in *in, const cJSON *from);
void state_save_listener(const struct listener *listener, struct state_out *out, cJSON *into);
void state_load_listener(struct listener *listener, struct state_in *in, const cJSON *from);

#endif
