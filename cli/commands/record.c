/* SPDX-License-Identifier: MIT */

/* queue:record: what a live queue is given to do, as a trace for scaler:simulate. */
#include "cli/commands/commands.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "cli/context.h"
#include "cli/output.h"
#include "common/channel.h"
#include "common/clock.h"
#include "scaler/random.h"
#include "supervisor/control_client.h"

#define CALL_MS    10000
#define PERIOD_MS  1000
#define YEAR_MS    (INT64_C(366) * 24 * 3600 * 1000)
#define BURST_MAX  1000000 /* jobs of one look */
#define WORK_GUESS 1.      /* seconds, until an attempt has ended */

static const struct cli_option record_options[] = {
    {.name = "for",
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "for how long (default: until it is interrupted)",
     .min = 1000,
     .max = YEAR_MS},
    OPTIONS_END,
};

/* What the master has counted until a moment. */
struct figures {
    int64_t at_ms; /* monotonic: when the store was looked at */
    double arrived;
    double run_times[RUN_TIMES];
};

struct recording {
    const char *queue, *socket;
    struct figures before, now;
    double run_times[RUN_TIMES]; /* attempts of the last look that had any: what jobs take now */
    int64_t begun_ms;
    uint64_t jobs;
    struct random random;
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

static int look(struct recording *recording, struct err *err)
{
    cJSON *told =
        control_command(recording->socket, "scaling-figures", recording->queue, CALL_MS, err);
    if (!told)
        return -1;
    const cJSON *arrived = json_get(told, "arrived"), *time;
    struct figures *now = &recording->now;
    int bucket = 0;
    *now = (struct figures){.at_ms = json_get_integer(told, "at_ms", 0),
                            .arrived = cJSON_IsNumber(arrived) ? arrived->valuedouble : 0};
    cJSON_ArrayForEach(time, json_get(told, "run_times")) if (bucket < RUN_TIMES)
        now->run_times[bucket++] = time->valuedouble;
    cJSON_Delete(told);
    return 0;
}

/* Keeps the run times of the attempts that have ended since the last look. */
static void learn(struct recording *recording)
{
    double grown[RUN_TIMES], sum = 0;
    for (int i = 0; i < RUN_TIMES; i++) {
        grown[i] = recording->now.run_times[i] - recording->before.run_times[i];
        sum += grown[i] > 0 ? grown[i] : 0;
    }
    for (int i = 0; sum > 0 && i < RUN_TIMES; i++)
        recording->run_times[i] = grown[i] > 0 ? grown[i] : 0;
}

/* A run time drawn from those: a bucket by its weight, and evenly within it. */
static double draw(struct recording *recording)
{
    double sum = 0;
    for (int i = 0; i < RUN_TIMES; i++)
        sum += recording->run_times[i];
    if (sum <= 0)
        return WORK_GUESS;
    double left = random_unit(&recording->random) * sum;
    int bucket = 0;
    while (bucket < RUN_TIMES - 1 && left >= recording->run_times[bucket])
        left -= recording->run_times[bucket++];
    double most = ldexp(1e-3, bucket), least = bucket > 0 ? most / 2 : 0;
    return random_between(&recording->random, least, most);
}

/* The arrivals between two looks are spread over that time. */
static int write_lines(struct recording *recording, struct err *err)
{
    double from = (double)(recording->before.at_ms - recording->begun_ms) / 1000;
    double to = (double)(recording->now.at_ms - recording->begun_ms) / 1000;
    double arrived = round(recording->now.arrived) - round(recording->before.arrived);
    for (double i = 0; i < arrived && i < BURST_MAX; i++) {
        double at = from + (to - from) * (i + 0.5) / arrived;
        if (printf("%.3f,%.4f\n", at, draw(recording)) < 0)
            return err_errno(err, errno, "cannot write the trace");
        recording->jobs++;
    }
    return fflush(stdout) == 0 ? 0 : err_errno(err, errno, "cannot write the trace");
}

static int step(struct recording *recording, struct err *err)
{
    const struct timespec pause = {.tv_sec = PERIOD_MS / 1000};
    nanosleep(&pause, NULL); /* a signal ends it */
    if (look(recording, err) < 0)
        return -1;
    learn(recording);
    if (write_lines(recording, err) < 0)
        return -1;
    recording->before = recording->now;
    return 0;
}

static int record(struct recording *recording, int64_t for_ms, struct err *err)
{
    if (look(recording, err) < 0)
        return -1;
    recording->before = recording->now;
    recording->begun_ms = recording->now.at_ms;
    int64_t end_ms = clock_monotonic_ms(&clock_system) + for_ms;
    if (puts("at,work") < 0)
        return err_errno(err, errno, "cannot write the trace");
    while (!is_interrupted && (for_ms == 0 || clock_monotonic_ms(&clock_system) < end_ms))
        if (step(recording, err) < 0)
            return -1;
    return 0;
}

static int run_record(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    struct recording recording = {.queue = context->options.arguments[0],
                                  .socket = settings->muster.socket,
                                  .random = random_from(1)};
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (record(&recording, options_number(&context->options, "for", 0), err) < 0)
        return -1;
    output_note("%llu jobs recorded", (unsigned long long)recording.jobs);
    return 0;
}

const struct cli_command command_record = {
    .name = "queue:record",
    .group = "scaling",
    .usage = "QUEUE [--for=TIME]",
    .summary = "Records what a live queue is given to do, as a trace for scaler:simulate",
    .details =
        "Writes a line a job to standard output: when it became due, in seconds, and how long it "
        "takes. Once a\nsecond the running musterd is asked how many jobs have come, and how long "
        "those took that have ended\nsince: the arrivals of a second are spread evenly over it, "
        "and each gets a run time drawn from those.",
    .options = record_options,
    .examples = (const char *const[]){"queue:record emails --for=1h > emails.csv", NULL},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_record,
};
