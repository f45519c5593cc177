/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_OPENMETRICS_H
#define SUPERVISOR_CONTROL_OPENMETRICS_H

#include <stdbool.h>

#include "common/buf.h"

struct master;

/* Appends what the master knows, for Prometheus: in OpenMetrics, or in the text format 0.0.4 that
 * came before it. One row a family, in the file. Asks no store. Returns
 * 0, or -1 past the cap. */
int openmetrics_write(const struct master *master, bool is_open, struct buf *out);

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_TEXT "text/plain; version=0.0.4; charset=utf-8"

/* Appends name="value" to labels, behind a comma where something is there already; what the format
 * needs escaped is escaped, and what size has no room for is left out. Pure. */
void openmetrics_label(char *labels, size_t size, const char *name, const char *value);

/* Whether a client that sends this Accept (or NULL) wants OpenMetrics. Pure. */
bool openmetrics_is_wanted(const char *accept);

#endif
