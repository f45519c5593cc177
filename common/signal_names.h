/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SIGNAL_NAMES_H
#define COMMON_SIGNAL_NAMES_H

#define SIGNAL_NAME_SIZE 16

/* The number of a signal given as TERM, SIGTERM (in any case) or 15; -1 where there is none. */
int signal_number(const char *text);

/* "SIGTERM"; "signal 40" where it has no name. Returns name. */
const char *signal_name(int number, char name[SIGNAL_NAME_SIZE]);

#endif
