/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PATH_H
#define COMMON_PATH_H

/* Names of files, as text alone: no file needs to exist, links are not followed. Results are
 * malloc'd. */

/* An absolute name without `.`, `..` and double slashes; a relative one is below the current
 * directory. */
char *path_absolute(const char *path);

/* The absolute directory that a file is in. */
char *path_directory(const char *file);

/* A name as it was written in a configuration: ~ and ~/x are the home directory, relative ones are
 * below directory. "" stays "". */
char *path_resolve(const char *directory, const char *path);

/* ~, ~/x and ~user/x begin with a home directory; a user that there is not stays as written. */
char *path_expand_home(const char *path);

#endif
