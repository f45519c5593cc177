/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_DRAW_H
#define CLI_TOP_DRAW_H

#include "cli/top/view.h"

/* Colours of a screen: ncurses pairs, set up by top_draw_init. */
void top_draw_init(void);

/* What is drawn. */
struct top_picture {
    const struct top_figures *figures;
    const struct top_table *table;
    const char *message; /* of the last command, or "" */
    bool is_failure;
};

/* Draws the whole screen into ncurses' own copy, which sends what differs. view's scrolling follows
 * the chosen row. Returns how many rows of the table the screen holds. */
size_t top_draw(struct top_view *view, const struct top_picture *picture);

#endif
