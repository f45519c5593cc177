/* SPDX-License-Identifier: MIT */
#ifndef COMMON_DRIVER_PATH_H
#define COMMON_DRIVER_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Where the drivers lie that are shared objects: NAME.so, in Muster's own folder
 * (LIBDIR/muster/drivers, or in a build tree the one beside the program) or in the folder
 * of the settings (driver_path). Files are looked for here; drivers/plugin.h loads them.
 */
#define DRIVER_NAME_MAX    32 /* bytes of a driver's name */
#define DRIVER_FOLDERS_MAX 2

/* True for the drivers that come with Muster. */
bool driver_path_is_own(const char *name);

/* A driver's name: 1 to 32 of a-z 0-9 _ - and beginning with a letter. Returns 0, or -1 with err.
 */
int driver_path_check_name(const char *name, struct err *err);

/* The folders, in the order in which they are looked into: Muster's own, then that of the settings
 * ("": none). Fills folders with malloc'd paths, and returns how many. */
size_t driver_path_folders(const char *folder, char *folders[DRIVER_FOLDERS_MAX]);

/* What the file of a driver is called in a folder. malloc'd. */
char *driver_path_file(const char *folder, const char *name);

/* The file of a driver, malloc'd. NULL where there is none. */
char *driver_path_find(const char *folder, const char *name);

/* The file that this code was loaded from: the program, or libmuster. malloc'd; NULL where that
 * cannot be told. */
char *driver_path_of_program(void);

/* What is said of a driver that there is not: with the name that may have been meant. Returns -1.
 */
int driver_path_unknown(const char *folder, const char *name, struct err *err);

#endif
