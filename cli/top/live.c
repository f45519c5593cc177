/* SPDX-License-Identifier: MIT */
#include "cli/top/live.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/top/draw.h"
#include "cli/top/figures.h"
#include "cli/top/run.h"
#include "cli/top/screen.h"
#include "cli/top/view.h"
#include "common/clock.h"

#define ASK_MS 2000

struct live {
    const struct top_options *options;
    struct screen screen;
    struct top_figures figures;
    struct top_view view;
    struct run run;
    char message[512];
    bool is_failure;
    size_t page; /* rows on the screen */
    int64_t due_ms;
    int signal; /* that ends it */
};

static void read_figures(struct live *live)
{
    struct err err = ERR_INIT; /* is kept with the figures */
    top_figures_read(&live->figures, live->options->socket, ASK_MS, &err);
    live->due_ms = clock_monotonic_ms(&clock_system) + live->options->interval_ms;
}

static void start_command(struct live *live, char *argv[])
{
    struct err err = ERR_INIT;
    live->is_failure = true;
    if (live->run.output >= 0)
        snprintf(live->message, sizeof live->message, "%s still runs", live->run.words);
    else if (run_start(&live->run, live->options->config, argv, &err) < 0)
        snprintf(live->message, sizeof live->message, "%s", err.text);
    else
        live->is_failure = false;
    if (!live->is_failure)
        snprintf(live->message, sizeof live->message, "%s …", live->run.words);
    top_words_free(argv);
}

/* What it has changed is worth a look at once. */
static void follow_command(struct live *live)
{
    int status;
    if (!run_read(&live->run, &status))
        return;
    run_take(&live->run, live->message, sizeof live->message);
    live->is_failure = status != 0;
    live->due_ms = 0;
}

static void take_keys(struct live *live, const struct top_table *table)
{
    char *argv[TOP_WORDS_MAX + 1];
    int key = screen_read_key();
    if (key > 0 && top_view_key(&live->view, table, key, live->page, argv))
        start_command(live, argv);
}

static void draw(struct live *live, struct top_table *table)
{
    const struct top_choice choice = top_view_choice(&live->view);
    top_table_finish(table);
    top_table_make(table, &live->figures, &choice);
    const struct top_picture picture = {.figures = &live->figures,
                                        .table = table,
                                        .message = live->message,
                                        .is_failure = live->is_failure};
    live->page = top_draw(&live->view, &picture);
}

/* Waits for a key, a signal, the command or the next look. Returns false where the terminal has
 * gone. */
static bool wait_for_news(struct live *live)
{
    int64_t left = live->due_ms - clock_monotonic_ms(&clock_system);
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = live->screen.signals, .events = POLLIN},
                               {.fd = live->run.output, .events = POLLIN}};
    if (poll(watched, 3, left > 0 ? (int)left : 0) <= 0)
        return true;
    if (watched[1].revents)
        live->signal = screen_read_signal(&live->screen);
    if (watched[2].revents)
        follow_command(live);
    return !(watched[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* One key a turn: the next one may mean a row that is drawn first. */
static void show(struct live *live)
{
    struct top_table table = {0};
    while (live->view.mode != TOP_QUIT && live->signal == 0) {
        if (clock_monotonic_ms(&clock_system) >= live->due_ms)
            read_figures(live);
        draw(live, &table);
        take_keys(live, &table);
        draw(live, &table);
        if (!wait_for_news(live))
            break;
    }
    top_table_finish(&table);
}

/* The signal ends us as it would have without a handler; 0: there was none. */
static void end_by(int number)
{
    sigset_t set;
    if (number == 0)
        return;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int top_live(const struct top_options *options, struct err *err)
{
    struct live live = {.options = options, .run.output = -1};
    int result = screen_open(&live.screen, err);
    if (result == 0) {
        top_draw_init();
        top_view_init(&live.view);
        show(&live);
    }
    screen_close(&live.screen);
    top_view_finish(&live.view);
    top_figures_finish(&live.figures);
    run_finish(&live.run);
    end_by(live.signal);
    return result;
}
