/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_SOCKET_H
#define COMMON_SETTINGS_SOCKET_H

#include "common/err.h"

/* The control socket that a file names, whatever else in it is wrong: only what its place follows
 * from is looked at. A malloc'd path, or NULL with err where the file cannot be read, is no INI, or
 * these keys are wrong. */
char *settings_socket(const char *path, struct err *err);

#endif
