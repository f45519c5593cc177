/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/store.h"

int pgsql_wake_open(struct store *store, const char *queue, struct err *err)
{
    (void)store, (void)queue, (void)err;
    return -1;
}

bool pgsql_wake_read(struct store *store)
{
    (void)store;
    return true;
}
