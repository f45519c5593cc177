/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_NOTES_H
#define DRIVERS_SQLITE_NOTES_H

#include "drivers/sqlite/store.h"

/* The driver's operations on notes. */
int sqlite_note_put(struct store *store, const struct note *note, struct err *err);
int sqlite_note_claim(struct store *store, const struct note *note, bool *held, struct err *err);
int sqlite_note_list(struct store *store, const char *kind, const char *prefix,
                     const char *after_key, size_t limit, note_fn each, void *context,
                     struct err *err);
int sqlite_note_remove(struct store *store, const char *kind, const char *prefix,
                       const char *before_key, size_t limit, uint64_t *count, struct err *err);

#endif
