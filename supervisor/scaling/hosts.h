/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_HOSTS_H
#define SUPERVISOR_SCALING_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
#include "supervisor/calls.h"
#include "supervisor/scaling/scaled.h"

/*
 * The hosts that share a store. Each master leaves a document there once a second, which the store
 * forgets after a few seconds, and reads those of the others: how many workers it can take, what
 * its crews do, what was ordered. One of them holds a lease and decides for all; the others follow
 * its targets, and keep their own view of the load up to date for the day when they have to decide.
 * Everyone divides each target among the hosts by itself, in the same way.
 */
#define HOSTS_PERIOD_MS 1000
#define HOSTS_TTL_MS    4000 /* a host that is silent for longer is dead */
#define HOST_ID_SIZE    100

struct scaling;

/* Everyone who uses one connection's store, as last heard. */
struct hosts {
    struct hosts *next;
    struct scaling *scaling;
    char *connection;
    bool is_heard; /* the store has answered, at least once */
    bool is_left;  /* nothing is told any more */
    bool leads;    /* we decide */
    uint32_t call; /* under way; 0: none */
    cJSON *others; /* {"host": …, "document": …}, … */
};

/* Nobody has been heard of yet. The name is copied; scaling must outlive it. Destroying gives up
 * the call that is under way, and leaves our document to be forgotten (hosts_leave takes it back).
 */
struct hosts *hosts_create(struct scaling *scaling, const char *connection);
void hosts_destroy(struct hosts *hosts);

/* This host's id: its name, and which of its masters it is. */
void hosts_name_self(const char *datadir, char id[HOST_ID_SIZE]);

/* Tells the others of us and hears of them, unless that is under way; the answer comes later, and
 * ends with scaling_heard. */
void hosts_exchange(struct hosts *hosts);

/* Takes our document back, so that nobody waits until it is forgotten. */
void hosts_leave(struct hosts *hosts);

/* What the leader has decided on a queue; false where that is not known. */
bool hosts_leaders_decision(const struct hosts *hosts, const char *queue,
                            struct decision *decision);

/* Sums over all hosts, us included: workers that there can be of scaled queues, and that there are
 * of queues that are not scaled. */
int64_t hosts_capacity(const struct hosts *hosts);
int64_t hosts_fixed(const struct hosts *hosts);

/* Divides the targets of all queues of this store among the hosts, and gives ours to the pools. */
void hosts_share(const struct hosts *hosts);

#endif
