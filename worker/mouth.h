/* SPDX-License-Identifier: MIT */
#ifndef WORKER_MOUTH_H
#define WORKER_MOUTH_H

#include <pthread.h>

#include "common/channel.h"

/* The writing end of a channel that several threads speak through. */
struct mouth {
    pthread_mutex_t mutex;
    struct channel *channel;
};

/* Sends as channel_send does. */
int mouth_send(struct mouth *mouth, struct record *record);

#endif
