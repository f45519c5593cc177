/* SPDX-License-Identifier: MIT */
#include "cli/top/draw.h"

#include <curses.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clean.h"
#include "common/clock.h"
#include "common/mem.h"

#define LEAST_COLUMNS 40
#define LEAST_LINES   8
#define ABOVE         4 /* lines above the rows: daemon, alerts, panes, titles */
#define BELOW         2 /* message, keys */

enum { PAIR_BAD = 1, PAIR_UNEASY, PAIR_GOOD, PAIR_TITLE };

void top_draw_init(void)
{
    if (!has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(PAIR_BAD, COLOR_RED, -1);
    init_pair(PAIR_UNEASY, COLOR_YELLOW, -1);
    init_pair(PAIR_GOOD, COLOR_GREEN, -1);
    init_pair(PAIR_TITLE, COLOR_CYAN, -1);
}

/* Where there are no colours weight and reverse have to do. */
static attr_t colour(short pair)
{
    return has_colors() ? (attr_t)COLOR_PAIR(pair) : pair == PAIR_BAD ? A_BOLD : A_NORMAL;
}

/* --- text --- */

/* Prints text into at most width columns; what is beyond them is left out. Whatever it holds is
 * cleaned. Returns the column behind it. */
static int put_text(int line, int column, int width, attr_t style, const char *text)
{
    char *clean = clean_text(text, strlen(text));
    size_t size = strlen(clean) + 1;
    wchar_t *wide = mem_new(size, sizeof *wide);
    size_t length = mbstowcs(wide, clean, size), shown = 0;
    int used = 0;
    for (; length != (size_t)-1 && shown < length; shown++) {
        int cells = wcwidth(wide[shown]);
        if (used + (cells > 0 ? cells : 0) > width)
            break;
        used += cells > 0 ? cells : 0;
    }
    attrset(style);
    mvaddnwstr(line, column, wide, (int)shown);
    attrset(A_NORMAL);
    free(wide);
    free(clean);
    return column + used;
}

__attribute__((format(printf, 4, 5))) static int put(int line, int column, attr_t style,
                                                     const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return column < COLS ? put_text(line, column, COLS - column, style, text) : column;
}

/* --- head --- */

static void put_uptime(char *text, size_t size, double seconds)
{
    long long whole = seconds > 0 ? (long long)seconds : 0;
    long long days = whole / 86400;
    if (days > 0)
        snprintf(text, size, "%lld d %02lld:%02lld", days, whole / 3600 % 24, whole / 60 % 60);
    else
        snprintf(text, size, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

static size_t count_running(const cJSON *list)
{
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) count +=
        strcmp(json_get_string(item, "state", ""), "RUNNING") == 0;
    return count;
}

static void draw_daemon(const struct top_figures *figures)
{
    const cJSON *status = figures->status;
    const cJSON *workers = json_get(figures->workers, "workers");
    char uptime[32], time[CLOCK_TEXT_SIZE];
    put_uptime(uptime, sizeof uptime,
               ((double)figures->read_ms - top_number(status, "started_at")) / 1000);
    int column = put(0, 0, A_BOLD, "muster %s", json_get_string(status, "version", ""));
    column = put(0, column + 1, A_NORMAL, "on %s:", json_get_string(figures->scaling, "host", ""));
    const char *state = json_get_string(status, "state", "");
    column = put(0, column + 1, colour(strcmp(state, "running") == 0 ? PAIR_GOOD : PAIR_UNEASY),
                 "%s", state);
    column = put(0, column + 1, A_NORMAL, "for %s, workers %zu/%d", uptime, count_running(workers),
                 cJSON_GetArraySize(workers));
    const char *clock = clock_format(figures->read_ms, time) + strlen("YYYY-MM-DD ");
    if (COLS - column > (int)strlen(clock) + 1)
        put(0, COLS - (int)strlen(clock), A_NORMAL, "%s", clock);
}

static bool is_error(const cJSON *alert)
{
    return strcmp(json_get_string(alert, "severity", ""), "error") == 0;
}

/* The worst alert, and how many there are. */
static void draw_alerts(const struct top_figures *figures)
{
    const cJSON *alert, *alerts = json_get(figures->alerts, "alerts"), *worst = NULL;
    if (figures->failure[0]) {
        put(1, 0, colour(PAIR_BAD) | A_BOLD, "%s", figures->failure);
        return;
    }
    cJSON_ArrayForEach(alert, alerts)
    {
        if (!worst || (is_error(alert) && !is_error(worst)))
            worst = alert;
    }
    if (!worst)
        put(1, 0, colour(PAIR_GOOD), "no alerts");
    else
        put(1, 0, colour(is_error(worst) ? PAIR_BAD : PAIR_UNEASY) | A_BOLD, "%d alert%s: %s",
            cJSON_GetArraySize(alerts), cJSON_GetArraySize(alerts) == 1 ? "" : "s",
            json_get_string(worst, "message", ""));
}

static void draw_panes(const struct top_view *view, const struct top_table *table)
{
    int column = 0;
    for (int i = 0; i < TOP_PANES; i++) {
        attr_t style = i == (int)view->pane ? A_BOLD | A_UNDERLINE : A_NORMAL;
        column = put(2, column, style, "[%d] %s", i + 1, top_panes[i].title) + 2;
    }
    struct top_choice choice = top_view_choice(view);
    column = put(2, column, A_DIM, "(%zu)", table->count) + 2;
    if (choice.filter[0])
        put(2, column, colour(PAIR_UNEASY), "filter: %s", choice.filter);
}

/* --- table --- */

/* Which columns fit; the first one gets the room that is left. */
struct layout {
    bool shown[TOP_COLUMNS_MAX];
    int width[TOP_COLUMNS_MAX];
};

static int width_of(const struct top_pane *pane, const struct layout *layout)
{
    int width = -1;
    for (size_t i = 0; i < pane->column_count; i++)
        width += layout->shown[i] ? layout->width[i] + 1 : 0;
    return width;
}

static bool leave_one_out(const struct top_pane *pane, struct layout *layout)
{
    size_t worst = 0;
    for (size_t i = 1; i < pane->column_count; i++)
        if (layout->shown[i] && pane->columns[i].rank > pane->columns[worst].rank)
            worst = i;
    layout->shown[worst] = worst == 0;
    return worst != 0;
}

static void lay_out(const struct top_pane *pane, struct layout *layout)
{
    for (size_t i = 0; i < pane->column_count; i++) {
        layout->shown[i] = true;
        layout->width[i] = pane->columns[i].width;
    }
    while (width_of(pane, layout) > COLS && leave_one_out(pane, layout))
        continue;
    int left = COLS - width_of(pane, layout);
    size_t last = pane->column_count - 1;
    bool ends_with_text = layout->shown[last] && pane->columns[last].kind == TOP_TEXT;
    if (left > 0)
        layout->width[ends_with_text ? last : 0] += ends_with_text || left < 20 ? left : 20;
}

static void put_cell(int line, int column, int width, bool is_left, attr_t style, const char *text)
{
    int length = (int)strlen(text);
    put_text(line, is_left || length > width ? column : column + width - length, width, style,
             text);
}

static void draw_titles(const struct top_view *view, const struct layout *layout)
{
    const struct top_pane *pane = &top_panes[view->pane];
    int column = 0;
    for (size_t i = 0; i < pane->column_count; i++) {
        if (!layout->shown[i])
            continue;
        bool is_sorted = i == view->panes[view->pane].column;
        attr_t style = colour(PAIR_TITLE) | A_BOLD | (is_sorted ? A_REVERSE : 0);
        put_cell(3, column, layout->width[i], pane->columns[i].kind == TOP_TEXT, style,
                 pane->columns[i].title);
        column += layout->width[i] + 1;
    }
}

static attr_t style_of(const struct top_row *row)
{
    switch (row->mood) {
    case TOP_BAD:
        return colour(PAIR_BAD);
    case TOP_UNEASY:
        return colour(PAIR_UNEASY);
    case TOP_QUIET:
        return A_DIM;
    case TOP_CALM:
        break;
    }
    return A_NORMAL;
}

static void draw_row(int line, const struct top_pane *pane, const struct layout *layout,
                     const struct top_row *row, bool is_chosen)
{
    attr_t style = style_of(row) | (is_chosen ? A_REVERSE : 0);
    char text[TOP_CELL_SIZE];
    int column = 0;
    attrset(style);
    if (is_chosen)
        mvhline(line, 0, ' ', COLS);
    for (size_t i = 0; i < pane->column_count; i++) {
        const struct top_column *its = &pane->columns[i];
        if (!layout->shown[i])
            continue;
        bool is_text = its->kind == TOP_TEXT;
        put_cell(line, column, layout->width[i], is_text, style,
                 is_text ? row->cells[i].text : top_cell_text(its, &row->cells[i], text));
        column += layout->width[i] + 1;
    }
}

static void scroll_to(size_t *scrolled, size_t row, size_t page, size_t count)
{
    if (row < *scrolled)
        *scrolled = row;
    if (row >= *scrolled + page)
        *scrolled = row - page + 1;
    if (*scrolled + page > count)
        *scrolled = count > page ? count - page : 0;
}

static void draw_table(struct top_view *view, const struct top_table *table, size_t page)
{
    const struct top_pane *pane = &top_panes[view->pane];
    size_t chosen = top_view_row(view, table), *scrolled = &view->panes[view->pane].scrolled;
    struct layout layout;
    lay_out(pane, &layout);
    draw_titles(view, &layout);
    scroll_to(scrolled, chosen, page, table->count);
    for (size_t i = 0; i < page && *scrolled + i < table->count; i++)
        draw_row(ABOVE + (int)i, pane, &layout, &table->rows[*scrolled + i],
                 *scrolled + i == chosen);
    if (table->count == 0)
        put(ABOVE, 0, A_DIM, "no %s here", pane->title);
}

/* --- foot --- */

/* The name takes the place of % */
static void put_question(int line, const struct top_view *view)
{
    const char *question = view->action->question, *hole = strchr(question, '%');
    put(line, 0, colour(PAIR_UNEASY) | A_BOLD, "%.*s%s? [y/N]", (int)(hole - question), question,
        view->target);
}

static void draw_message(const struct top_view *view, const struct top_picture *picture, int line)
{
    if (view->mode == TOP_ASK)
        put_question(line, view);
    else if (view->mode == TOP_PROMPT)
        put(line, 0, A_BOLD, "%s of %s: %s_", view->action->prompt, view->target, view->input);
    else if (view->mode == TOP_FILTER)
        put(line, 0, A_BOLD, "filter: %s_", view->input);
    else
        put(line, 0, picture->is_failure ? colour(PAIR_BAD) : A_NORMAL, "%s", picture->message);
}

static int put_key(int line, int column, const char *key, const char *help)
{
    column = put(line, column, A_BOLD, "%s", key);
    return put(line, column + 1, A_NORMAL, "%s", help) + 2;
}

static void draw_keys(const struct top_view *view, int line)
{
    int column = 0;
    for (size_t i = 0; i < top_action_count; i++)
        if (top_actions[i].pane == view->pane)
            column = put_key(line, column, (char[]){top_actions[i].key, '\0'}, top_actions[i].help);
    column = put_key(line, column, "/", "filter");
    column = put_key(line, column, "?", "help");
    put_key(line, column, "q", "quit");
}

static const char *const help_lines[] = {
    "up, down, page up, page down, home, end   choose a row (also j k g G)",
    "1 2 3, tab   queues, workers, programs",
    "< >          sort by the column to the left, to the right",
    "o            turn the order around",
    "/            show only what has this text in its name; Esc: all",
    "q            quit",
    "",
};

static void draw_help(void)
{
    int line = 0;
    put(line++, 0, A_BOLD, "muster top");
    for (size_t i = 0; i < sizeof help_lines / sizeof help_lines[0]; i++)
        put(line++, 2, A_NORMAL, "%s", help_lines[i]);
    for (size_t i = 0; i < top_action_count && line < LINES - 1; i++)
        put(line++, 2, A_NORMAL, "%c   %s of %s: muster %s", top_actions[i].key,
            top_actions[i].help, top_panes[top_actions[i].pane].title, top_actions[i].words[0]);
    put(LINES - 1, 0, A_BOLD, "any key goes back");
}

size_t top_draw(struct top_view *view, const struct top_picture *picture)
{
    size_t page = LINES > ABOVE + BELOW ? (size_t)(LINES - ABOVE - BELOW) : 0;
    erase();
    if (COLS < LEAST_COLUMNS || LINES < LEAST_LINES) {
        put(0, 0, A_NORMAL, "at least %dx%d", LEAST_COLUMNS, LEAST_LINES);
    } else if (view->mode == TOP_HELP) {
        draw_help();
    } else {
        draw_daemon(picture->figures);
        draw_alerts(picture->figures);
        draw_panes(view, picture->table);
        draw_table(view, picture->table, page);
        draw_message(view, picture, LINES - 2);
        draw_keys(view, LINES - 1);
    }
    refresh();
    return page;
}
