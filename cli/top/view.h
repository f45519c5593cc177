/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/top/actions.h"
#include "cli/top/table.h"

/*
 * What whoever looks has chosen, and what keys change of it. Pure: keys come in, and a command to
 * be run may come out.
 */
#define TOP_INPUT_MAX 63

enum top_mode {
    TOP_BROWSE,
    TOP_HELP,
    TOP_FILTER, /* input is the filter as it is typed */
    TOP_PROMPT, /* input is the number that the action needs */
    TOP_ASK,    /* the action waits for a y */
    TOP_QUIT,
};

/* Keys that have no character. */
enum top_key {
    TOP_KEY_UP = 0x1000,
    TOP_KEY_DOWN,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_BACKSPACE,
};

struct top_view {
    enum top_mode mode;
    enum top_pane_id pane;
    struct {
        size_t column;
        bool reversed;
        char *chosen;    /* the row's name; NULL: the first */
        size_t at;       /* where it was last, for when it has gone */
        size_t scrolled; /* rows above the screen */
    } panes[TOP_PANES];
    char filter[TOP_INPUT_MAX + 1];
    char input[TOP_INPUT_MAX + 1];
    const struct top_action *action; /* TOP_PROMPT, TOP_ASK */
    char *target;                    /* its queue or program */
};

/* The view at the beginning: no filter, nothing chosen, each pane sorted by its own first choice.
 * Finishing frees the texts that it holds. */
void top_view_init(struct top_view *view);
void top_view_finish(struct top_view *view);

/* What the table is to be made by. The filter is the view's. */
struct top_choice top_view_choice(const struct top_view *view);

/* The row that is chosen, by its name or else by its place; the table's count where it is empty. */
size_t top_view_row(struct top_view *view, const struct top_table *table);

/* Takes a key in; page is how many rows are on the screen. Returns true where argv (see
 * top_action_words) is now a command that is to be run. */
bool top_view_key(struct top_view *view, const struct top_table *table, int key, size_t page,
                  char *argv[TOP_WORDS_MAX + 1]);

#endif
