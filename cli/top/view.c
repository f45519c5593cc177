/* SPDX-License-Identifier: MIT */
#include "cli/top/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define ESCAPE 27

void top_view_init(struct top_view *view)
{
    *view = (struct top_view){.mode = TOP_BROWSE};
    for (size_t i = 0; i < TOP_PANES; i++)
        view->panes[i].column = top_panes[i].sorted_by;
}

void top_view_finish(struct top_view *view)
{
    for (size_t i = 0; i < TOP_PANES; i++)
        free(view->panes[i].chosen);
    free(view->target);
}

struct top_choice top_view_choice(const struct top_view *view)
{
    return (struct top_choice){.pane = view->pane,
                               .filter = view->mode == TOP_FILTER ? view->input : view->filter,
                               .column = view->panes[view->pane].column,
                               .reversed = view->panes[view->pane].reversed};
}

size_t top_view_row(struct top_view *view, const struct top_table *table)
{
    const char *chosen = view->panes[table->pane].chosen;
    size_t *at = &view->panes[table->pane].at;
    for (size_t i = 0; chosen && i < table->count; i++)
        if (strcmp(table->rows[i].name, chosen) == 0)
            return *at = i;
    return *at < table->count ? *at : table->count > 0 ? table->count - 1 : 0;
}

static void choose(struct top_view *view, const struct top_table *table, size_t row)
{
    if (table->count == 0)
        return;
    row = row < table->count ? row : table->count - 1;
    free(view->panes[table->pane].chosen);
    view->panes[table->pane].chosen = mem_strdup(table->rows[row].name);
    view->panes[table->pane].at = row;
}

/* --- moving, sorting --- */

static bool move(struct top_view *view, const struct top_table *table, int key, size_t page)
{
    size_t row = top_view_row(view, table);
    if (key == TOP_KEY_UP || key == 'k')
        choose(view, table, row > 0 ? row - 1 : 0);
    else if (key == TOP_KEY_DOWN || key == 'j')
        choose(view, table, row + 1);
    else if (key == TOP_KEY_PAGE_UP)
        choose(view, table, row > page ? row - page : 0);
    else if (key == TOP_KEY_PAGE_DOWN)
        choose(view, table, row + page);
    else if (key == TOP_KEY_HOME || key == 'g')
        choose(view, table, 0);
    else if (key == TOP_KEY_END || key == 'G')
        choose(view, table, table->count);
    else
        return false;
    return true;
}

static void sort_by(struct top_view *view, size_t step)
{
    size_t count = top_panes[view->pane].column_count;
    view->panes[view->pane].column = (view->panes[view->pane].column + step) % count;
    view->panes[view->pane].reversed = false;
}

static bool change_look(struct top_view *view, int key)
{
    if (key == '\t')
        view->pane = (view->pane + 1) % TOP_PANES;
    else if (key >= '1' && key < '1' + TOP_PANES)
        view->pane = (enum top_pane_id)(key - '1');
    else if (key == '>' || key == TOP_KEY_RIGHT)
        sort_by(view, 1);
    else if (key == '<' || key == TOP_KEY_LEFT)
        sort_by(view, top_panes[view->pane].column_count - 1);
    else if (key == 'o')
        view->panes[view->pane].reversed = !view->panes[view->pane].reversed;
    else
        return false;
    return true;
}

/* --- actions --- */

static bool finish_action(struct top_view *view, const char *number, char *argv[TOP_WORDS_MAX + 1])
{
    view->mode = TOP_BROWSE;
    top_action_words(view->action, view->target, number, argv);
    return true;
}

static bool begin_action(struct top_view *view, const struct top_table *table,
                         const struct top_action *action, char *argv[TOP_WORDS_MAX + 1])
{
    if (table->count == 0)
        return false;
    const struct top_row *row = &table->rows[top_view_row(view, table)];
    free(view->target);
    view->target = mem_strdup(row->queue ? row->queue : row->name);
    view->action = action;
    view->input[0] = '\0';
    if (action->prompt)
        view->mode = TOP_PROMPT;
    else if (action->question)
        view->mode = TOP_ASK;
    else
        return finish_action(view, NULL, argv);
    return false;
}

static bool browse(struct top_view *view, const struct top_table *table, int key, size_t page,
                   char *argv[TOP_WORDS_MAX + 1])
{
    const struct top_action *action = top_action_of(view->pane, key);
    if (action)
        return begin_action(view, table, action, argv);
    if (move(view, table, key, page) || change_look(view, key))
        return false;
    if (key == 'q')
        view->mode = TOP_QUIT;
    else if (key == '?' || key == 'h')
        view->mode = TOP_HELP;
    else if (key == ESCAPE)
        view->filter[0] = '\0';
    if (key == '/') {
        view->mode = TOP_FILTER;
        strcpy(view->input, view->filter);
    }
    return false;
}

/* --- input --- */

static void edit(char input[TOP_INPUT_MAX + 1], int key, bool only_digits)
{
    size_t length = strlen(input);
    if (key == TOP_KEY_BACKSPACE && length > 0)
        input[length - 1] = '\0';
    if (key < 0x20 || key > 0x7e || length >= (only_digits ? 4 : TOP_INPUT_MAX))
        return;
    if (only_digits && !isdigit(key))
        return;
    input[length] = (char)key;
    input[length + 1] = '\0';
}

static bool type_filter(struct top_view *view, int key)
{
    if (key == '\n')
        strcpy(view->filter, view->input);
    if (key == '\n' || key == ESCAPE)
        view->mode = TOP_BROWSE;
    else
        edit(view->input, key, false);
    return false;
}

static bool type_number(struct top_view *view, int key, char *argv[TOP_WORDS_MAX + 1])
{
    if (key == '\n' && view->input[0])
        return finish_action(view, view->input, argv);
    if (key == '\n' || key == ESCAPE)
        view->mode = TOP_BROWSE;
    else
        edit(view->input, key, true);
    return false;
}

static bool answer_question(struct top_view *view, int key, char *argv[TOP_WORDS_MAX + 1])
{
    if (key == 'y' || key == 'Y')
        return finish_action(view, NULL, argv);
    view->mode = TOP_BROWSE;
    return false;
}

bool top_view_key(struct top_view *view, const struct top_table *table, int key, size_t page,
                  char *argv[TOP_WORDS_MAX + 1])
{
    switch (view->mode) {
    case TOP_BROWSE:
        return browse(view, table, key, page, argv);
    case TOP_FILTER:
        return type_filter(view, key);
    case TOP_PROMPT:
        return type_number(view, key, argv);
    case TOP_ASK:
        return answer_question(view, key, argv);
    case TOP_HELP:
        view->mode = TOP_BROWSE;
        return false;
    case TOP_QUIT:
        return false;
    }
    return false;
}
