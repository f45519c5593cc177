/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

#define REDRAW_MS 100

void progress_init(struct progress *progress, const char *what, bool json)
{
    int64_t now = clock_monotonic_ms(&clock_system);
    *progress = (struct progress){what, !json && isatty(STDERR_FILENO), false, now, now};
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total)
{
    int64_t now = clock_monotonic_ms(&clock_system);
    if (!progress->shown || now - progress->drawn_ms < REDRAW_MS)
        return;
    double rate = (double)done * 1000.0 / (double)(now - progress->start_ms);
    fprintf(stderr, "\r%" PRIu64 " %s", done, progress->what);
    if (total > 0)
        fprintf(stderr, ", %d %%", (int)(done * 100 / total));
    fprintf(stderr, ", %.0f/s\033[K", rate);
    progress->drawn = true;
    progress->drawn_ms = now;
}

void progress_end(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
