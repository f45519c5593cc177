/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_AUTO_LOG_H
#define SUPERVISOR_PROGRAMS_AUTO_LOG_H

struct program;
struct program_host;

/* Makes the files for the AUTO logs that a program has none for yet, with names that nobody else
 * has: NAME-STREAM---IDENTIFIER-XXXXXX.log in childlogdir. Without a file there is no log. */
void auto_log_make(struct program *program);

/* Removes the AUTO logs that former daemons of this identifier have left, rotated ones too. */
void auto_log_clean(const struct program_host *host);

#endif
