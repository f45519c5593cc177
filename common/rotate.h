/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ROTATE_H
#define COMMON_ROTATE_H

#include <stdint.h>

#include "common/err.h"

/* Moves PATH to PATH.1, that one to PATH.2, and so on up to backups; with none it is emptied. Goes
 * on where one cannot be moved: returns 0, or -1 with err naming the first. */
int rotate_files(const char *path, int64_t backups, struct err *err);

/* Before that, where rotated files are compressed: moves PATH.1.gz to PATH.2.gz, and so on, and
 * removes the last one. */
void rotate_compressed(const char *path, int64_t backups);

#endif
