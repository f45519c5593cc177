/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_AUDIT_H
#define SUPERVISOR_AUDIT_H

#include "common/err.h"
#include "common/json.h"
#include "common/settings.h"
#include "supervisor/feed.h"

/*
 * Who did what: a line of JSON for each order that musterd is given and for each command that
 * changes a store, appended to a file and never changed, and the last ones in memory for those who
 * ask. Who it was is told by the kernel (the user at the other end of a unix socket) or is the user
 * that HTTP has checked.
 */
#define AUDIT_REMEMBERED 200  /* entries in memory */
#define AUDIT_TEXT_MAX   4096 /* bytes of an order; what is longer is left out */

struct audit {
    char *path;
    int fd;            /* -1 where it cannot be written */
    cJSON *remembered; /* an array, the newest last */
    struct feed *feed; /* that is told */
};

/* An order and its answer. */
struct audit_entry {
    const char *via;  /* "control", "http", "xmlrpc" or "cli" */
    long uid;         /* -1: not known */
    const char *user; /* of HTTP, or NULL */
    const char *action;
    const cJSON *order; /* or NULL */
    enum err_code result;
    const char *failure; /* its name in place of result's, or NULL */
};

/* Where the settings want it, "" for nowhere; the caller frees it. */
char *audit_path(const struct settings *settings);

/* Appends one entry, for who changes something where no musterd runs. A new file belongs to whom
 * its directory belongs to. Returns 0, or -1 with err. */
int audit_append(const char *path, const struct audit_entry *entry, struct err *err);

/* Opens the file. One that cannot be is said in the log, and keeps nobody from working. */
void audit_init(struct audit *audit, const char *path, struct feed *feed);
void audit_finish(struct audit *audit);

/* Opens it again under its name, after it was moved away. */
void audit_reopen(struct audit *audit);

/* Writes an entry, which stays the caller's, remembers it and tells the feed. What cannot be
 * written is said in the log, and remembered all the same. */
void audit_write(struct audit *audit, const struct audit_entry *entry);

/* Adds the last limit entries to a list, the newest first. */
void audit_describe(const struct audit *audit, int limit, cJSON *list);

#endif
