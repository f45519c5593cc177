/* SPDX-License-Identifier: MIT */

/* The live view. Rates are between two looks, so one look is two. */
#include "cli/commands/commands.h"

#include <unistd.h>

#include "cli/context.h"
#include "cli/top/live.h"
#include "cli/top/table.h"

#define CALL_MS     10000
#define INTERVAL_MS 1000

static const struct cli_option top_options[] = {
    {.name = "once", .kind = OPTION_FLAG, .help = "print it once, as text; --json does so too"},
    {.name = "interval",
     .letter = 'i',
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "look again after this time (default: 1s)",
     .min = 100,
     .max = 3600 * 1000},
    OPTIONS_END,
};

static void add_alert(struct answer *answer, const cJSON *alert)
{
    struct fields *row = answer_row(answer);
    fields_text(row, "severity", json_get_string(alert, "severity", ""));
    fields_text(row, "type", json_get_string(alert, "type", ""));
    fields_text(row, "queue", json_get_string(alert, "queue", NULL));
    fields_text(row, "message", json_get_string(alert, "message", ""));
    fields_time(row, "since", json_get_integer(alert, "since", 0));
}

static void answer_once(struct answer *answer, const struct top_figures *figures)
{
    struct fields *values = &answer->values;
    fields_time(values, "timestamp", figures->read_ms);
    fields_integer(values, "pid", json_get_integer(figures->status, "pid", 0));
    fields_text(values, "version", json_get_string(figures->status, "version", ""));
    fields_text(values, "host", json_get_string(figures->scaling, "host", ""));
    fields_text(values, "state", json_get_string(figures->status, "state", ""));
    fields_time(values, "started_at", json_get_integer(figures->status, "started_at", 0));
    for (int pane = 0; pane < TOP_PANES; pane++) {
        struct top_table table;
        const struct top_choice choice = {.pane = (enum top_pane_id)pane, .filter = ""};
        top_table_make(&table, figures, &choice);
        top_table_answer(&table, answer);
        top_table_finish(&table);
    }
    const cJSON *alert;
    answer_list(answer, "alerts");
    cJSON_ArrayForEach(alert, json_get(figures->alerts, "alerts")) add_alert(answer, alert);
}

static int run_once(struct context *context, const char *socket, struct err *err)
{
    struct top_figures figures = {0};
    int64_t interval_ms = options_number(&context->options, "interval", INTERVAL_MS);
    int result = top_figures_read(&figures, socket, CALL_MS, err);
    if (result == 0) {
        usleep((useconds_t)interval_ms * 1000);
        result = top_figures_read(&figures, socket, CALL_MS, err);
    }
    if (result == 0)
        answer_once(&context->answer, &figures);
    top_figures_finish(&figures);
    return result;
}

static int run_top(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    const struct options *options = &context->options;
    if (context->json || options_given(options, "once"))
        return run_once(context, settings->muster.socket, err);
    const struct top_options live = {.socket = settings->muster.socket,
                                     .config = options_text(options, "config", NULL),
                                     .interval_ms =
                                         options_number(options, "interval", INTERVAL_MS)};
    return top_live(&live, err);
}

const struct cli_command command_top = {
    .name = "top",
    .group = "monitoring",
    .usage = "[--interval=TIME | --once]",
    .summary = "Shows queues, workers, programs and alerts, live, and acts on them by keys",
    .details =
        "Queues come with how long their oldest job waits (OLDEST), how long it may (WITHIN), and\n"
        "those first that are nearest to it. IN/MIN and OUT/MIN are jobs a minute, FAIL% the part "
        "of\n"
        "the attempts that failed, over the last minute; with --once over the interval. Keys "
        "pause, resume, scale and\n"
        "restart a queue and put its failed jobs back, and start and stop programs: ? lists them.\n"
        "The exit status is 2 where there is no terminal; with --once 4 where no musterd runs.",
    .options = top_options,
    .examples = (const char *const[]){"top", "top --interval=5s", "top --once --json", NULL},
    .run = run_top,
};
