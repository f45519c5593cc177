/* SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A line on standard error that says how far a long command is. It is there only where standard
 * error is a terminal and no JSON was asked for, is drawn at most ten times a second, and is wiped
 * at the end.
 */
struct progress {
    const char *what; /* "jobs stored" */
    bool shown;       /* there is a terminal to draw on */
    bool drawn;
    int64_t start_ms;
    int64_t drawn_ms;
};

/* what must outlive the progress. */
void progress_init(struct progress *progress, const char *what, bool json);

/* done of total; a total of 0 is not known. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total);
void progress_end(struct progress *progress);

#endif
