/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SHARED_OBJECT_H
#define COMMON_SHARED_OBJECT_H

#include "common/err.h"

/*
 * Loading what others have built: drivers, and jobs in C. An object is never unloaded again, since
 * threads of its own, or of a library that came with it, may still run.
 */

/* Loads a shared object with its symbols to itself, and returns the address of its entry symbol.
 * NULL with err (ERR_INVALID) where it cannot be loaded or has no such symbol. */
const void *shared_object_entry(const char *path, const char *symbol, struct err *err);

#endif
