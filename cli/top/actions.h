/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_ACTIONS_H
#define CLI_TOP_ACTIONS_H

#include "cli/top/table.h"

/*
 * What keys do to the row that is chosen: each is one command of muster, with its words. Pure.
 */
#define TOP_WORDS_MAX 8

struct top_action {
    enum top_pane_id pane;
    char key;
    const char *help;
    const char *question;             /* asked before, with the name in it; NULL: nothing is lost */
    const char *prompt;               /* what is asked for, a number; NULL: nothing */
    const char *words[TOP_WORDS_MAX]; /* "%": the row's name or queue, "%N": with the number */
};

extern const struct top_action top_actions[];
extern const size_t top_action_count;

/* The action of a key in this pane; NULL where there is none. */
const struct top_action *top_action_of(enum top_pane_id pane, int key);

/* The command: malloc'd words in argv, which ends with NULL and has room for TOP_WORDS_MAX + 1;
 * number is what was entered, or NULL. The caller frees them with top_words_free. */
void top_action_words(const struct top_action *action, const char *name, const char *number,
                      char *argv[TOP_WORDS_MAX + 1]);
void top_words_free(char *argv[TOP_WORDS_MAX + 1]);

#endif
