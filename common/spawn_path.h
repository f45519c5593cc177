/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SPAWN_PATH_H
#define COMMON_SPAWN_PATH_H

/* The program that a name means: itself where it has a slash, otherwise what is found in the PATH
 * of envp (a usual one where it has none), whose relative directories are below directory (or
 * NULL). Returns a malloc'd path; NULL, with the errno of a failed exec, where there is none. */
char *spawn_find_program(const char *name, char *const *envp, const char *directory);

#endif
