/* SPDX-License-Identifier: MIT */
#include "cli/top/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "supervisor/control_client.h"

/* What is asked, and where the answer goes. */
static int ask_all(struct top_figures *figures, const char *socket, int64_t timeout_ms,
                   struct err *err)
{
    const struct {
        const char *command;
        cJSON **answer;
    } questions[] = {{"status", &figures->status},
                     {"scaling", &figures->scaling},
                     {"workers", &figures->workers},
                     {"programs", &figures->programs},
                     {"alerts", &figures->alerts}};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        *questions[i].answer = control_command(socket, questions[i].command, NULL, timeout_ms, err);
        if (!*questions[i].answer)
            return -1;
    }
    return 0;
}

static void forget_answers(struct top_figures *figures)
{
    cJSON_Delete(figures->status);
    cJSON_Delete(figures->scaling);
    cJSON_Delete(figures->workers);
    cJSON_Delete(figures->programs);
    cJSON_Delete(figures->alerts);
}

void top_figures_finish(struct top_figures *figures)
{
    forget_answers(figures);
    for (size_t i = 0; i < figures->sample_count; i++)
        cJSON_Delete(figures->samples[i].status);
    *figures = (struct top_figures){0};
}

/* --- rates --- */

static void drop_samples(struct top_figures *figures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cJSON_Delete(figures->samples[i].status);
    figures->sample_count -= count;
    memmove(figures->samples, figures->samples + count,
            figures->sample_count * sizeof figures->samples[0]);
}

/* Another musterd counts anew. */
static bool is_of_another(const cJSON *one, const cJSON *other)
{
    return top_number(one, "started_at") != top_number(other, "started_at");
}

static void keep_sample(struct top_figures *figures)
{
    size_t count = figures->sample_count;
    if (count > 0 && is_of_another(figures->samples[0].status, figures->status))
        drop_samples(figures, count);
    count = figures->sample_count;
    if (count > 0 && figures->at_ms < figures->samples[count - 1].at_ms + TOP_SAMPLE_MS)
        return;
    if (count == TOP_SAMPLES)
        drop_samples(figures, 1);
    figures->samples[figures->sample_count++] =
        (struct top_sample){figures->at_ms, cJSON_Duplicate(figures->status, true)};
}

const cJSON *top_queue_of(const cJSON *status, const char *queue)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(status, "queues"))
    {
        if (strcmp(json_get_string(item, "queue", ""), queue) == 0)
            return item;
    }
    return NULL;
}

static double in_store(const cJSON *queue)
{
    const cJSON *metrics = json_get(queue, "metrics");
    return top_number(metrics, "ready") + top_number(metrics, "reserved");
}

/* What came in either is still there, or has ended. */
struct top_rates top_figures_rates(const struct top_figures *figures, const char *queue)
{
    struct top_rates rates = {NAN, NAN, NAN};
    const struct top_sample *base = &figures->samples[0];
    if (figures->sample_count == 0 || figures->at_ms <= base->at_ms)
        return rates;
    const cJSON *before = top_queue_of(base->status, queue);
    const cJSON *now = top_queue_of(figures->status, queue);
    double minutes = (double)(figures->at_ms - base->at_ms) / 60000;
    double ended = top_number(now, "attempts") - top_number(before, "attempts");
    double failed = top_number(now, "attempts_failed") - top_number(before, "attempts_failed");
    double arrived = in_store(now) - in_store(before) + ended;
    rates.processed = ended / minutes;
    rates.incoming = isnan(arrived) ? NAN : fmax(arrived, 0) / minutes;
    rates.failure_rate = ended > 0 ? 100 * failed / ended : NAN;
    return rates;
}

/* --- asking --- */

int top_figures_read(struct top_figures *figures, const char *socket, int64_t timeout_ms,
                     struct err *err)
{
    struct top_figures fresh = {.at_ms = clock_monotonic_ms(&clock_system),
                                .read_ms = clock_wall_ms(&clock_system)};
    if (ask_all(&fresh, socket, timeout_ms, err) < 0) {
        forget_answers(&fresh);
        snprintf(figures->failure, sizeof figures->failure, "%s", err->text);
        return -1;
    }
    forget_answers(figures);
    memcpy(fresh.samples, figures->samples, sizeof fresh.samples);
    fresh.sample_count = figures->sample_count;
    *figures = fresh;
    keep_sample(figures);
    return 0;
}

double top_number(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}
