/* SPDX-License-Identifier: MIT */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Watches files and directory trees for changes, with inotify. Of a single file its directory is
 * watched, since editors put a new file in the place of the old one. Names that begin with a dot or
 * end with ~ are passed over, and so are paths that are to be ignored.
 */
#define WATCH_DIRECTORIES_MAX 8192

struct watch_directory {
    int id;     /* inotify's */
    char *path; /* absolute */
    char *only; /* the one name that counts in it; NULL: the whole tree */
};

struct watch {
    int fd; /* readable when there may be news; non-blocking. Owned */
    struct watch_directory *directories;
    size_t directory_count;
    char **ignored; /* absolute prefixes */
    size_t ignored_count;
};

/* Returns 0, or -1 with err. To be ended with watch_finish either way. */
int watch_init(struct watch *watch, struct err *err);
void watch_finish(struct watch *watch);

/* Paths that begin with this one say nothing, e.g. the files of a store. To be called before
 * watch_add. */
void watch_ignore(struct watch *watch, const char *prefix);

/* Watches a file, or a directory with all below it. Returns 0, or -1 with err. */
int watch_add(struct watch *watch, const char *path, struct err *err);

/* Reads the news. Returns true where something that counts has changed; new directories are watched
 * too. */
bool watch_read(struct watch *watch);

#endif
