/* SPDX-License-Identifier: MIT */
#ifndef COMMON_KEY_TYPES_H
#define COMMON_KEY_TYPES_H

#include <stdbool.h>

#include "common/keys.h"

/* How a value of each type is read, written and handled: one row a type, for keys.c alone. `value`
 * points to the member of the struct. */
struct key_type_operations {
    /* Returns 0, or -1 with err ("what is wrong; what would be right") and the old value kept. */
    int (*parse)(const struct key *key, const char *text, void *value, struct err *err);
    /* Appends the text that parse reads back. Returns 0, or -1 past the cap. */
    int (*print)(const struct key *key, const void *value, struct buf *out);
    /* Appends what the values may be, for people. Returns 0, or -1 past the cap. */
    int (*describe)(const struct key *key, struct buf *out);
    void (*copy)(void *to, const void *from);
    bool (*equal)(const void *a, const void *b);
    void (*finish)(void *value); /* NULL where there is nothing to free */
};

const struct key_type_operations *key_type_of(const struct key *key);

#endif
