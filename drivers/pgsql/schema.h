/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_SCHEMA_H
#define DRIVERS_PGSQL_SCHEMA_H

#include "drivers/pgsql/store.h"

#define SCHEMA_VERSION 1

/* Finds the tables, or makes them (schema.sql) in the schema that comes first in the search path,
 * while it alone may do so. The session is not in a pipeline. Returns 0 with the names' schema
 * filled in, or -1 with err. */
int pg_schema_ensure(struct store *store, struct err *err);

#endif
