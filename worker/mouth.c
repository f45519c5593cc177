/* SPDX-License-Identifier: MIT */
#include "worker/mouth.h"

int mouth_send(struct mouth *mouth, struct record *record)
{
    pthread_mutex_lock(&mouth->mutex);
    int result = channel_send(mouth->channel, record);
    pthread_mutex_unlock(&mouth->mutex);
    return result;
}
