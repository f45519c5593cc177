/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROCESS_ID_H
#define COMMON_PROCESS_ID_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Which process is meant, where it may have ended and its number may have been given to another
 * one: the number and the time at which it began say it, in ticks since the system did (the 22nd
 * field of /proc/PID/stat).
 */
int64_t process_start_time(pid_t pid); /* -1: there is none of this number */

/* The pid of the parent; 0 where there is none, or no such process. */
pid_t process_parent(pid_t pid);

/* What follows the name in the text of /proc/PID/stat, from the third field on; NULL in another text. The name may have
 * parentheses of its own. Pure. */
const char *process_after_name(const char *text);

/* From the text of /proc/PID/stat; -1 for another text. Pure. */
int64_t process_parse_start_time(const char *text);

/* The process that had this number and began at this time, where it lives: its pidfd, which is the
 * caller's (close-on-exec); -1 where it has ended, or another one has its number. */
int process_find(pid_t pid, int64_t start_time);

#endif
