/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_COMPRESSOR_H
#define SUPERVISOR_PROGRAMS_COMPRESSOR_H

#include <stddef.h>

#include "supervisor/host.h"

/*
 * Rotated logs are compressed by gzip processes of the lowest priority, a few at a time: the master
 * only gives them names. PATH.1 becomes PATH.1.gz by way of PATH.gz.tmp; when PATH is rotated again
 * meanwhile, what is being compressed has become PATH.2, and so on.
 */
#define COMPRESSIONS_AT_ONCE 2

struct compression;

struct compressor {
    struct host *host;
    struct compression *first; /* in the order in which they came */
};

/* PATH has just been rotated: what PATH.1 is now is compressed in its turn. backups: how many there
 * are. */
void compressor_rotated(struct compressor *compressor, const char *path, int64_t backups);

/* Ends what runs. What has not been compressed stays as it is. */
void compressor_finish(struct compressor *compressor);

#endif
