/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_TABLE_H
#define CLI_TOP_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/answer.h"
#include "cli/top/figures.h"

/*
 * The lists of `muster top`: a pane a list, a row a queue, worker or program. A pane's columns are
 * one table, which gives the screen, the JSON and what can be sorted by. Pure.
 */
enum top_pane_id { TOP_QUEUES, TOP_WORKERS, TOP_PROGRAMS, TOP_PANES };

enum top_kind {
    TOP_TEXT,
    TOP_COUNT,
    TOP_SECONDS,
    TOP_RATE, /* a minute */
    TOP_PERCENT,
    TOP_MEGABYTES,
};

struct top_column {
    const char *name;  /* in JSON; that of queue:stats where it has it */
    const char *title; /* on the screen */
    enum top_kind kind;
    int width;
    int rank; /* columns of a high rank are left out first where the screen is narrow; 0: never */
};

#define TOP_COLUMNS_MAX 14

struct top_cell {
    const char *text; /* TOP_TEXT: of the figures, or constant */
    double number;    /* the others; NAN: not known */
};

enum top_mood { TOP_CALM, TOP_QUIET, TOP_UNEASY, TOP_BAD };

struct top_row {
    char *name;        /* what it is called; owned */
    const char *queue; /* whose it is; NULL for a program */
    enum top_mood mood;
    struct top_cell cells[TOP_COLUMNS_MAX];
};

struct top_pane {
    const char *title;
    const struct top_column *columns; /* the first is the name */
    size_t column_count;
    size_t sorted_by; /* at first */
};

extern const struct top_pane top_panes[TOP_PANES];

struct top_table {
    enum top_pane_id pane;
    struct top_row *rows;
    size_t count;
};

/* What is shown, and in which order. */
struct top_choice {
    enum top_pane_id pane;
    const char *filter; /* a part of the name or of the queue, or "" for all */
    size_t column;      /* of the pane */
    bool reversed;      /* texts begin with a, numbers with the largest, but for this */
};

/* Makes the rows; the figures must outlive them. To be ended with top_table_finish. */
void top_table_make(struct top_table *table, const struct top_figures *figures,
                    const struct top_choice *choice);
void top_table_finish(struct top_table *table);

#define TOP_CELL_SIZE 64

/* A cell for people: "-" where nothing is known. A text may be longer than size; it is cut. */
const char *top_cell_text(const struct top_column *column, const struct top_cell *cell,
                          char text[TOP_CELL_SIZE]);

/* The rows as a list of the answer. */
void top_table_answer(const struct top_table *table, struct answer *answer);

#endif
