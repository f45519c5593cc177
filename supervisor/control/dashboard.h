/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_DASHBOARD_H
#define SUPERVISOR_CONTROL_DASHBOARD_H

#include <stddef.h>

#include "supervisor/control/web.h"

/*
 * The dashboard: files in the binary (dashboard/), answered with an ETag, compressed where the
 * browser takes it. The page may load nothing but them. Supervisor's status page was at the same
 * places.
 */
#define DASHBOARD_ROOT "/dashboard/"

struct dashboard_file {
    const char *name; /* NULL ends the table */
    const char *type;
    const char *tag; /* with its quotes */
    const unsigned char *plain;
    size_t plain_length;
    const unsigned char *packed; /* by gzip */
    size_t packed_length;
};

extern const struct dashboard_file dashboard_files[];

/* Answers / and /index.html. Supervisor's links with an action in them are refused: looking at a
 * page must change nothing. */
void dashboard_answer(const struct web_request *request);

/* Answers what is below DASHBOARD_ROOT. */
void dashboard_answer_file(const struct web_request *request);

/* Answers Supervisor's /tail.html?processname=NAME: sends the browser to the log in the dashboard.
 */
void dashboard_answer_tail(const struct web_request *request);

#endif
