/* SPDX-License-Identifier: MIT */
#include "cli/top/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/programs.h"
#include "common/mem.h"

#define MEGABYTE        (1024. * 1024.)
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* --- columns --- */

enum {
    QUEUE_NAME,
    QUEUE_STATE,
    QUEUE_PENDING,
    QUEUE_RESERVED,
    QUEUE_DELAYED,
    QUEUE_FAILED,
    QUEUE_OLDEST,
    QUEUE_PROMISED,
    QUEUE_OF_PROMISE,
    QUEUE_INCOMING,
    QUEUE_PROCESSED,
    QUEUE_FAILURES,
    QUEUE_RUNNING,
    QUEUE_WANTED,
};

static const struct top_column queue_columns[] = {
    [QUEUE_NAME] = {"queue", "QUEUE", TOP_TEXT, 12, 0},
    [QUEUE_STATE] = {"state", "STATE", TOP_TEXT, 7, 4},
    [QUEUE_PENDING] = {"pending", "READY", TOP_COUNT, 6, 0},
    [QUEUE_RESERVED] = {"reserved", "RUN", TOP_COUNT, 4, 2},
    [QUEUE_DELAYED] = {"delayed", "LATER", TOP_COUNT, 5, 6},
    [QUEUE_FAILED] = {"failed", "FAILED", TOP_COUNT, 6, 1},
    [QUEUE_OLDEST] = {"oldest", "OLDEST", TOP_SECONDS, 6, 0},
    [QUEUE_PROMISED] = {"promised", "WITHIN", TOP_SECONDS, 6, 1},
    [QUEUE_OF_PROMISE] = {"of_promise", "OF IT", TOP_PERCENT, 6, 8},
    [QUEUE_INCOMING] = {"incoming", "IN/MIN", TOP_RATE, 7, 5},
    [QUEUE_PROCESSED] = {"processed", "OUT/MIN", TOP_RATE, 7, 3},
    [QUEUE_FAILURES] = {"failure_rate", "FAIL%", TOP_PERCENT, 5, 3},
    [QUEUE_RUNNING] = {"workers", "WORKERS", TOP_COUNT, 7, 1},
    [QUEUE_WANTED] = {"wanted", "WANTED", TOP_COUNT, 6, 7},
};

enum {
    WORKER_ID,
    WORKER_QUEUE,
    WORKER_PID,
    WORKER_STATUS,
    WORKER_BUSY,
    WORKER_SLOTS,
    WORKER_MEMORY,
    WORKER_CPU,
    WORKER_DONE,
    WORKER_FAILED,
    WORKER_JOB,
};

static const struct top_column worker_columns[] = {
    [WORKER_ID] = {"id", "WORKER", TOP_TEXT, 17, 0},
    [WORKER_QUEUE] = {"queue", "QUEUE", TOP_TEXT, 10, 0},
    [WORKER_PID] = {"pid", "PID", TOP_COUNT, 7, 5},
    [WORKER_STATUS] = {"status", "STATUS", TOP_TEXT, 8, 0},
    [WORKER_BUSY] = {"busy", "BUSY", TOP_COUNT, 4, 1},
    [WORKER_SLOTS] = {"concurrency", "OF", TOP_COUNT, 3, 6},
    [WORKER_MEMORY] = {"memory_usage", "MEMORY", TOP_MEGABYTES, 7, 3},
    [WORKER_CPU] = {"cpu_usage", "CPU%", TOP_PERCENT, 5, 2},
    [WORKER_DONE] = {"jobs_processed", "DONE", TOP_COUNT, 6, 2},
    [WORKER_FAILED] = {"failed", "FAILED", TOP_COUNT, 6, 4},
    [WORKER_JOB] = {"running", "JOB FOR", TOP_SECONDS, 7, 5},
};

enum { PROGRAM_NAME, PROGRAM_STATE, PROGRAM_PID, PROGRAM_DESCRIPTION };

static const struct top_column program_columns[] = {
    [PROGRAM_NAME] = {"name", "PROGRAM", TOP_TEXT, 20, 0},
    [PROGRAM_STATE] = {"state", "STATE", TOP_TEXT, 8, 0},
    [PROGRAM_PID] = {"pid", "PID", TOP_COUNT, 7, 1},
    [PROGRAM_DESCRIPTION] = {"description", "DESCRIPTION", TOP_TEXT, 24, 2},
};

const struct top_pane top_panes[TOP_PANES] = {
    [TOP_QUEUES] = {"queues", queue_columns, COUNT_OF(queue_columns), QUEUE_OF_PROMISE},
    [TOP_WORKERS] = {"workers", worker_columns, COUNT_OF(worker_columns), WORKER_QUEUE},
    [TOP_PROGRAMS] = {"programs", program_columns, COUNT_OF(program_columns), PROGRAM_NAME},
};

/* --- rows --- */

static void set_text(struct top_row *row, size_t column, const char *text)
{
    row->cells[column].text = text;
}

static void set_number(struct top_row *row, size_t column, double number)
{
    row->cells[column].number = number;
}

/* How long the oldest ready job waits, beside how long it may. */
static void put_wait(struct top_row *row, const cJSON *queue)
{
    double oldest = top_number(json_get(queue, "metrics"), "oldest_ms") / 1000;
    double promised = top_number(queue, "promised_ms") / 1000;
    double part = promised > 0 ? 100 * oldest / promised : NAN;
    set_number(row, QUEUE_OLDEST, oldest);
    set_number(row, QUEUE_PROMISED, promised);
    set_number(row, QUEUE_OF_PROMISE, part);
    if (part > 50)
        row->mood = part > 100 ? TOP_BAD : TOP_UNEASY;
}

static void put_rates(struct top_row *row, const struct top_figures *figures)
{
    const struct top_rates rates = top_figures_rates(figures, row->name);
    set_number(row, QUEUE_INCOMING, rates.incoming);
    set_number(row, QUEUE_PROCESSED, rates.processed);
    set_number(row, QUEUE_FAILURES, rates.failure_rate);
}

static void fill_queue(struct top_row *row, const struct top_figures *figures, const cJSON *queue)
{
    const cJSON *metrics = json_get(queue, "metrics");
    const char *name = json_get_string(queue, "queue", "");
    bool is_paused = json_get_bool(queue, "paused", false);
    row->name = mem_strdup(name);
    row->queue = name;
    set_text(row, QUEUE_NAME, name);
    set_text(row, QUEUE_STATE, is_paused ? "paused" : "open");
    set_number(row, QUEUE_PENDING, top_number(metrics, "ready"));
    set_number(row, QUEUE_RESERVED, top_number(metrics, "reserved"));
    set_number(row, QUEUE_DELAYED, top_number(metrics, "delayed"));
    set_number(row, QUEUE_FAILED, top_number(metrics, "failed"));
    put_wait(row, queue);
    put_rates(row, figures);
    set_number(row, QUEUE_RUNNING, top_number(queue, "running"));
    set_number(row, QUEUE_WANTED, top_number(queue, "wanted"));
    if (is_paused && row->mood == TOP_CALM)
        row->mood = TOP_QUIET;
}

static void fill_worker(struct top_row *row, const struct top_figures *figures, const cJSON *worker)
{
    (void)figures;
    const char *state = json_get_string(worker, "state", "");
    const char *status = json_get_string(worker, "status", "unknown");
    bool speaks = strcmp(state, "RUNNING") == 0 && strcmp(status, "unknown") != 0;
    const cJSON *job = json_get(worker, "jobs");
    double longest = NAN;
    cJSON_ArrayForEach(job, json_get(worker, "jobs")) longest =
        fmax(longest, top_number(job, "running_ms") / 1000);
    row->name = mem_strdup(json_get_string(worker, "id", ""));
    row->queue = json_get_string(worker, "queue", "");
    set_text(row, WORKER_ID, row->name);
    set_text(row, WORKER_QUEUE, row->queue);
    set_number(row, WORKER_PID, top_number(worker, "pid"));
    set_text(row, WORKER_STATUS, speaks ? status : state);
    set_number(row, WORKER_BUSY, top_number(worker, "busy"));
    set_number(row, WORKER_SLOTS, top_number(worker, "concurrency"));
    set_number(row, WORKER_MEMORY, top_number(worker, "memory") / MEGABYTE);
    set_number(row, WORKER_CPU, top_number(worker, "cpu"));
    set_number(row, WORKER_DONE, top_number(worker, "jobs_processed"));
    set_number(row, WORKER_FAILED, top_number(worker, "failed"));
    set_number(row, WORKER_JOB, longest);
    if (!speaks)
        row->mood = strcmp(state, "FATAL") == 0 ? TOP_BAD : TOP_UNEASY;
}

static void fill_program(struct top_row *row, const struct top_figures *figures,
                         const cJSON *program)
{
    (void)figures;
    const char *state = json_get_string(program, "state", "");
    double pid = top_number(program, "pid");
    row->name = programs_name(program);
    set_text(row, PROGRAM_NAME, row->name);
    set_text(row, PROGRAM_STATE, state);
    set_number(row, PROGRAM_PID, pid > 0 ? pid : NAN);
    set_text(row, PROGRAM_DESCRIPTION, json_get_string(program, "description", ""));
    if (strcmp(state, "FATAL") == 0 || strcmp(state, "BACKOFF") == 0)
        row->mood = TOP_BAD;
    else if (strcmp(state, "RUNNING") != 0)
        row->mood = TOP_QUIET;
}

static const struct source {
    const char *list;
    size_t answer; /* offset in the figures */
    void (*fill)(struct top_row *row, const struct top_figures *figures, const cJSON *item);
} sources[TOP_PANES] = {
    [TOP_QUEUES] = {"queues", offsetof(struct top_figures, status), fill_queue},
    [TOP_WORKERS] = {"workers", offsetof(struct top_figures, workers), fill_worker},
    [TOP_PROGRAMS] = {"programs", offsetof(struct top_figures, programs), fill_program},
};

/* --- order --- */

/* What is not known comes last. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct top_choice *choice = context;
    const struct top_row *left = a, *right = b;
    const struct top_cell *one = &left->cells[choice->column];
    const struct top_cell *other = &right->cells[choice->column];
    bool is_text = top_panes[choice->pane].columns[choice->column].kind == TOP_TEXT;
    int order =
        is_text ? strcmp(one->text, other->text) : compare_numbers(one->number, other->number);
    if (order == 0)
        return strcmp(left->name, right->name);
    return choice->reversed ? -order : order;
}

static bool is_wanted(const struct top_row *row, const char *filter)
{
    return strstr(row->name, filter) || (row->queue && strstr(row->queue, filter));
}

void top_table_make(struct top_table *table, const struct top_figures *figures,
                    const struct top_choice *choice)
{
    const struct source *source = &sources[choice->pane];
    const cJSON *answer = *(cJSON *const *)((const char *)figures + source->answer);
    const cJSON *item, *list = json_get(answer, source->list);
    *table = (struct top_table){.pane = choice->pane};
    table->rows = mem_new((size_t)cJSON_GetArraySize(list) + 1, sizeof *table->rows);
    cJSON_ArrayForEach(item, list)
    {
        struct top_row *row = &table->rows[table->count];
        source->fill(row, figures, item);
        if (is_wanted(row, choice->filter)) {
            table->count++;
        } else {
            free(row->name);
            *row = (struct top_row){0};
        }
    }
    qsort_r(table->rows, table->count, sizeof *table->rows, compare_rows, (void *)choice);
}

void top_table_finish(struct top_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->rows[i].name);
    free(table->rows);
    *table = (struct top_table){0};
}

/* --- what is shown --- */

static void put_seconds(char text[TOP_CELL_SIZE], double seconds)
{
    if (seconds < 100)
        snprintf(text, TOP_CELL_SIZE, "%.1fs", seconds);
    else if (seconds < 100 * 60)
        snprintf(text, TOP_CELL_SIZE, "%.0fm", floor(seconds / 60));
    else if (seconds < 100 * 3600)
        snprintf(text, TOP_CELL_SIZE, "%.0fh", floor(seconds / 3600));
    else
        snprintf(text, TOP_CELL_SIZE, "%.0fd", floor(seconds / 86400));
}

/* Counts are exact up to six digits. */
static void put_count(char text[TOP_CELL_SIZE], double count)
{
    if (count < 1e6)
        snprintf(text, TOP_CELL_SIZE, "%.0f", count);
    else
        snprintf(text, TOP_CELL_SIZE, "%.4gM", count / 1e6);
}

const char *top_cell_text(const struct top_column *column, const struct top_cell *cell,
                          char text[TOP_CELL_SIZE])
{
    if (column->kind == TOP_TEXT)
        snprintf(text, TOP_CELL_SIZE, "%s", cell->text);
    else if (isnan(cell->number))
        snprintf(text, TOP_CELL_SIZE, "-");
    else if (column->kind == TOP_SECONDS)
        put_seconds(text, cell->number);
    else if (column->kind == TOP_COUNT)
        put_count(text, cell->number);
    else
        snprintf(text, TOP_CELL_SIZE, cell->number < 1000 ? "%.1f" : "%.0f", cell->number);
    return text;
}

static void put_cell(struct fields *fields, const struct top_column *column,
                     const struct top_cell *cell)
{
    if (column->kind == TOP_TEXT)
        fields_text(fields, column->name, cell->text);
    else if (isnan(cell->number))
        fields_null(fields, column->name);
    else if (column->kind == TOP_COUNT)
        fields_integer(fields, column->name, (int64_t)cell->number);
    else
        fields_number(fields, column->name, cell->number);
}

void top_table_answer(const struct top_table *table, struct answer *answer)
{
    const struct top_pane *pane = &top_panes[table->pane];
    answer_list(answer, pane->title);
    for (size_t i = 0; i < table->count; i++) {
        struct fields *fields = answer_row(answer);
        for (size_t column = 0; column < pane->column_count; column++)
            put_cell(fields, &pane->columns[column], &table->rows[i].cells[column]);
    }
}
