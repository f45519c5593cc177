/* SPDX-License-Identifier: MIT */
#include "scaler/plot.h"

#include <math.h>
#include <string.h>

#define WIDTH        960
#define PANEL_LEFT   56
#define PANEL_WIDTH  880
#define PANEL_HEIGHT 190
#define WAITS_TOP    64
#define WORKERS_TOP  296
#define HEIGHT       540
#define POINTS       440 /* a curve */
#define GRID_LINES   4

/* Readable on white and on black, and apart for those who see colours differently (Okabe and Ito).
 */
static const char *const colours[PLOT_SERIES_MAX] = {"#0072b2", "#d55e00", "#009e73",
                                                     "#cc79a7", "#e69f00", "#56b4e9"};

/* One of the two panels: which figure it shows, and its scale. */
struct panel {
    const char *label;
    double (*value)(const struct sim_sample *sample);
    int top;
    double most;
};

static double wait_of(const struct sim_sample *sample)
{
    return (double)sample->oldest;
}

static double workers_of(const struct sim_sample *sample)
{
    return (double)sample->workers;
}

/* A round number that is not less. */
static double round_up(double value)
{
    double unit = pow(10, floor(log10(value > 1 ? value : 1)));
    static const double steps[] = {1, 2, 4, 5, 8, 10};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] * unit >= value)
            return steps[i] * unit;
    return 10 * unit;
}

static double highest(const struct panel *panel, const struct plot_series *series, size_t count)
{
    double most = 1;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < series[i].result->sample_count; k++)
            most = fmax(most, panel->value(&series[i].result->samples[k]));
    return most;
}

static double y_of(const struct panel *panel, double value)
{
    return panel->top + PANEL_HEIGHT * (1 - fmin(value / panel->most, 1));
}

static int put_grid(const struct panel *panel, struct buf *out)
{
    int result = buf_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>\n", PANEL_LEFT,
                            panel->top - 8, panel->label);
    for (int i = 0; i <= GRID_LINES && result == 0; i++) {
        double value = panel->most * i / GRID_LINES, y = y_of(panel, value);
        result = buf_printf(out,
                            "<path class=\"grid\" d=\"M%d %.1fh%d\"/>"
                            "<text class=\"tick\" x=\"%d\" y=\"%.1f\">%g</text>\n",
                            PANEL_LEFT, y, PANEL_WIDTH, PANEL_LEFT - 6, y + 4, value);
    }
    return result;
}

/* The highest value of each piece of time: a peak is not to vanish between two points. */
static int put_curve(const struct panel *panel, const struct sim_result *result, const char *colour,
                     struct buf *out)
{
    size_t count = result->sample_count, points = count < POINTS ? count : POINTS;
    if (buf_printf(out, "<polyline stroke=\"%s\" points=\"", colour) < 0)
        return -1;
    for (size_t i = 0; i < points; i++) {
        double most = 0;
        for (size_t k = i * count / points; k < (i + 1) * count / points; k++)
            most = fmax(most, panel->value(&result->samples[k]));
        double x = PANEL_LEFT + (double)PANEL_WIDTH * (double)i / (double)points;
        if (buf_printf(out, "%s%.0f,%.1f", i ? " " : "", x, y_of(panel, most)) < 0)
            return -1;
    }
    return buf_text_append(out, "\"/>\n");
}

static int put_panel(const struct panel *panel, const struct plot_series *series, size_t count,
                     struct buf *out)
{
    if (put_grid(panel, out) < 0)
        return -1;
    for (size_t i = count; i > 0; i--) /* the first one on top */
        if (put_curve(panel, series[i - 1].result, colours[(i - 1) % PLOT_SERIES_MAX], out) < 0)
            return -1;
    return 0;
}

static int put_times(const struct plot_series *series, struct buf *out)
{
    double minutes = (double)series[0].result->sample_count / 60;
    for (int i = 0; i <= GRID_LINES; i++)
        if (buf_printf(out, "<text class=\"time\" x=\"%d\" y=\"%d\">%.0f min</text>\n",
                       PANEL_LEFT + PANEL_WIDTH * i / GRID_LINES, WORKERS_TOP + PANEL_HEIGHT + 20,
                       minutes * i / GRID_LINES) < 0)
            return -1;
    return 0;
}

static int put_legend(const struct plot_series *series, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++)
        if (buf_printf(out,
                       "<path stroke=\"%s\" d=\"M%zu %dh24\"/>"
                       "<text class=\"name\" x=\"%zu\" y=\"%d\">%s</text>\n",
                       colours[i % PLOT_SERIES_MAX], PANEL_LEFT + i * 150, HEIGHT - 14,
                       PANEL_LEFT + i * 150 + 30, HEIGHT - 10, series[i].name) < 0)
            return -1;
    return 0;
}

/* A text as XML has it. */
static int put_text(const char *text, struct buf *out)
{
    for (; *text; text++)
        if (buf_printf(out, strchr("<>&", *text) ? "&#%d;" : "%c", *text) < 0)
            return -1;
    return 0;
}

static int put_head(struct buf *out)
{
    return buf_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
        "font-family=\"sans-serif\" font-size=\"13\" fill=\"none\" stroke-width=\"1.6\">\n"
        "<style>text{fill:#333}.grid{stroke:#ccc;stroke-width:.7}.tick{text-anchor:end}"
        ".time{text-anchor:middle}.title{font-size:17px}"
        ".promise{stroke:#c00;stroke-dasharray:6 4;stroke-width:1.2}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#555}}</style>\n"
        "<text class=\"title\" x=\"%d\" y=\"26\">",
        WIDTH, HEIGHT, PANEL_LEFT);
}

int plot_svg(const char *title, double promise, const struct plot_series *series, size_t count,
             struct buf *out)
{
    struct panel waits = {"oldest waiting job, seconds (dashed: the promise)", wait_of, WAITS_TOP,
                          0};
    struct panel workers = {"workers", workers_of, WORKERS_TOP, 0};
    waits.most = round_up(fmin(highest(&waits, series, count), 4 * promise));
    workers.most = round_up(highest(&workers, series, count));
    if (put_head(out) < 0 || put_text(title, out) < 0 || buf_text_append(out, "</text>\n") < 0 ||
        put_panel(&waits, series, count, out) < 0 ||
        buf_printf(out, "<path class=\"promise\" d=\"M%d %.1fh%d\"/>\n", PANEL_LEFT,
                   y_of(&waits, promise), PANEL_WIDTH) < 0 ||
        put_panel(&workers, series, count, out) < 0 || put_times(series, out) < 0 ||
        put_legend(series, count, out) < 0)
        return -1;
    return buf_text_append(out, "</svg>\n");
}
