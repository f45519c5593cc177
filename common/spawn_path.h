/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SPAWN_PATH_H
#define COMMON_SPAWN_PATH_H

/* The program that a name means: itself where it has a slash, otherwise what is found in the PATH
 * of envp (a usual one where it has none), whose relative directories are below directory (or
 * NULL). Returns a malloc'd path; NULL, with the errno of a failed exec, where there is none. */
char *spawn_find_program(const char *name, char *const *envp, const char *directory);

/* A program of Muster's own: what the environment variable names, else the one beside this program's
 * file, else that in the directory where they are installed. Returns a malloc'd path. */
char *spawn_find_own_program(const char *name, const char *variable, const char *directory);

#endif
