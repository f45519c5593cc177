/* SPDX-License-Identifier: MIT */
#include "common/channel.h"

#include <errno.h>
#include <unistd.h>

#include "common/fd.h"

int channel_send(struct channel *channel, struct record *record)
{
    record->magic = CHANNEL_MAGIC;
    record->pid = channel->pid;
    record->generation = channel->generation;
    ssize_t put;
    do {
        put = write(channel->out, record, sizeof *record);
    } while (put < 0 && errno == EINTR);
    if (put == sizeof *record)
        return 0;
    if (put >= 0 || errno == EAGAIN)
        channel->dropped++;
    return -1;
}

static bool is_expected(const struct channel *channel, const struct record *record)
{
    return record->magic == CHANNEL_MAGIC && record->pid == channel->pid &&
           record->generation == channel->generation;
}

enum channel_result channel_receive(struct channel *channel, struct record *record)
{
    for (;;) {
        ssize_t got = read(channel->in, record, sizeof *record);
        if (got == sizeof *record && is_expected(channel, record))
            return CHANNEL_RECORD;
        if (got == 0)
            return CHANNEL_CLOSED;
        if (got < 0 && errno == EAGAIN)
            return CHANNEL_EMPTY;
        if (got < 0 && errno != EINTR)
            return CHANNEL_CLOSED;
    }
}

void channel_close(struct channel *channel)
{
    fd_close(&channel->in);
    fd_close(&channel->out);
}
