/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include "common/err.h"

/*
 * The terminal while ncurses has it. Whatever ends the process but SIGKILL, the terminal gets back
 * the state that it had.
 */
struct screen {
    int signals; /* a descriptor that is readable when a signal has come */
};

/* Takes the terminal of standard input and output over. Returns 0, or -1 with err where there is
 * none, or TERM is not known. To be ended with screen_close either way. */
int screen_open(struct screen *screen, struct err *err);
void screen_close(struct screen *screen);

/* The signal that asks for the end (INT, TERM, HUP, QUIT), 0 where there is none; a change of the
 * window's size is followed. */
int screen_read_signal(struct screen *screen);

/* The next key that was pressed (an ASCII character, or enum top_key), -1 where there is none. */
int screen_read_key(void);

#endif
