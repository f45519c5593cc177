/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_HOST_DOCUMENT_H
#define SUPERVISOR_SCALING_HOST_DOCUMENT_H

#include <stdbool.h>

#include "common/json.h"
#include "supervisor/scaling/hosts.h"

/*
 * What a host leaves in a store for the others. Another host's document is input from outside: what
 * is missing or of another kind counts as nothing, numbers are cut to what they can be.
 */

/* Ours, an object that the caller deletes. */
cJSON *host_document_make(const struct hosts *hosts);

/* What people have ordered alone: of all queues, and the switch. */
cJSON *host_document_orders(const struct scaling *scaling);

/* Takes over the orders of such a document, where they are newer. */
void host_document_hear_orders(struct scaling *scaling, const cJSON *document);

/* Takes over what the others say of their crews, of orders and the switch: begin, hear for each,
 * end. is_first: nothing had been heard before, so targets begin with what there is. */
void host_document_begin(struct hosts *hosts);
void host_document_hear(struct hosts *hosts, const char *host, const cJSON *document);
void host_document_end(struct hosts *hosts, bool is_first);

/* What its host has decided on a queue. False where it does not say. */
bool host_document_decision(const cJSON *document, const char *queue, struct decision *decision);

/* Whether its host speaks of a queue, as one that it has workers for. */
bool host_document_serves(const cJSON *document, const char *queue);

/* A number of workers in it, 0 to 1000. */
int64_t host_document_number(const cJSON *document, const char *name);

#endif
