/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_NOTE_H
#define QUEUE_NOTE_H

#include <stdint.h>

/*
 * Notes: small documents that hosts leave for each other in the store of a queue: that a host
 * lives, that a queue is paused, why workers were scaled, figures of a minute. Each host writes
 * notes of its own (the host is part of the key), and who reads adds them up, so nothing needs a
 * counter that all write to. A note with an owner is a lease.
 */
#define NOTE_KIND_MAX  32           /* bytes */
#define NOTE_KEY_MAX   255          /* bytes */
#define NOTE_VALUE_MAX (256u << 10) /* bytes */

struct note {
    const char *kind; /* "host", "pause", "metrics", … */
    const char *key;
    const char *value; /* JSON text, checked by who writes it */
    const char *owner; /* of a lease, or NULL */
    int64_t
        ttl_ms; /* of a put: how long it lives, 0 for ever; of a listing: how long it still lives */
    int64_t updated_at_ms; /* of a listing; wall clock of the store */
};

#endif
