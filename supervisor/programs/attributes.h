/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_ATTRIBUTES_H
#define SUPERVISOR_PROGRAMS_ATTRIBUTES_H

#include <stdint.h>
#include <sys/resource.h>

#include "common/program_attributes.h"

/* The limits and rights that a program is started with. */
struct attributes {
    const struct attribute_settings *settings;
    struct rlimit limits[PROGRAM_RLIMIT_COUNT];
    uint32_t limited; /* which of them are set, as bits */
    int ionice;
};

/* Before the fork. settings outlive it. */
void attributes_prepare(struct attributes *attributes, const struct attribute_settings *settings);

/* In the child, still with the rights of musterd; async-signal-safe. Returns NULL, or the key that
 * could not be had, with errno. */
const char *attributes_take(const struct attributes *attributes);

#endif
