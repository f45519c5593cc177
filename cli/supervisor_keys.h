/* SPDX-License-Identifier: MIT */
#ifndef CLI_SUPERVISOR_KEYS_H
#define CLI_SUPERVISOR_KEYS_H

#include <stdbool.h>

/* What a key of a supervisord.conf means here, beside what it means to Supervisor 4.2.5. */
enum supervisor_verdict {
    SUPERVISOR_SAME,
    SUPERVISOR_BETTER,
    SUPERVISOR_DIFFERENT,
    SUPERVISOR_NEW,     /* Supervisor ignores it, here it counts */
    SUPERVISOR_UNKNOWN, /* both ignore it */
};

struct supervisor_difference {
    enum supervisor_verdict verdict;
    const char *note; /* "" where there is nothing to say */
};

/* section as it is written ("program:web"), key in lower case. Pure. */
struct supervisor_difference supervisor_key_difference(const char *section, const char *key);

/* A section that Supervisor reads. */
bool supervisor_has_section(const char *section);

/* "same", "better", … */
const char *supervisor_verdict_name(enum supervisor_verdict verdict);

#endif
