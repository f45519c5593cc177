/* SPDX-License-Identifier: MIT */

/* scaler:simulate: what policies of scaling do with a workload, before they do it with yours. */
#include "cli/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/context.h"
#include "common/fd.h"
#include "common/mem.h"
#include "scaler/plot.h"
#include "scaler/scenario.h"

#define POLICIES_MAX 16
#define PICTURE_MAX  (8u << 20)
#define HOUR_MS      INT64_C(3600000)
#define BOOT                                                                                       \
    {                                                                                              \
        .name = "boot", .kind = OPTION_DURATION, .max = HOUR_MS                                    \
    }

static const struct cli_option simulate_options[] = {
    {.name = "workload",
     .kind = OPTION_LIST,
     .value = "NAME",
     .help = "a generator, may be given several times (default: all)"},
    {.name = "trace",
     .kind = OPTION_TEXT,
     .value = "FILE",
     .help = "jobs from a file in place of generators: lines of at,work[,queue] or JSON"},
    {.name = "policy",
     .kind = OPTION_LIST,
     .value = "NAME",
     .help = "a policy, may be given several times (default: all)"},
    {.name = "promise",
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "how long a job may wait (default 30)",
     .min = 100,
     .max = 24 * HOUR_MS},
    {.name = "boot",
     .kind = OPTION_LIST,
     .value = "TIME",
     .help = "how long a worker takes to start, may be given several times (default 2 and 15)"},
    {.name = "min-workers",
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "the fewest workers of a queue (default 1)",
     .max = 1000},
    {.name = "max-workers",
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "the most workers of a queue (default 20)",
     .min = 1,
     .max = 1000},
    {.name = "length",
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "of a generated workload (default 2h)",
     .min = 60000,
     .max = 7 * 24 * HOUR_MS},
    {.name = "seeds",
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "how many variants of each workload are added up (default 4)",
     .min = 1,
     .max = 1000},
    {.name = "seed",
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "the first of them (default 1)",
     .max = INT32_MAX},
    {.name = "validation",
     .kind = OPTION_FLAG,
     .help = "parameters that the policy latency was not made with"},
    {.name = "plot",
     .kind = OPTION_TEXT,
     .value = "DIRECTORY",
     .help = "draw the first seed of each workload into SVG files there"},
    OPTIONS_END,
};

/* What a command line asks for. */
struct request {
    struct scenario scenario;
    struct workload *trace;
    const struct sim_controller *controllers[POLICIES_MAX];
    struct sim_result totals[POLICIES_MAX];
    struct answer *answer;
};

/* --- Reading the options --- */

static double seconds_of(const struct options *options, const char *name, int64_t fallback_s)
{
    return (double)options_number(options, name, fallback_s * 1000) / 1000;
}

static int read_boots(const struct options *options, struct scenario *scenario, struct err *err)
{
    static const struct cli_option boot = BOOT;
    size_t count;
    const char *const *texts = options_list(options, "boot", &count);
    if (count > SCENARIO_BOOTS_MAX)
        return err_set(err, ERR_INVALID, "--boot: at most %d times", SCENARIO_BOOTS_MAX);
    scenario->boots[0] = 2;
    scenario->boots[1] = 15;
    scenario->boot_count = count > 0 ? count : 2;
    for (size_t i = 0; i < count; i++) {
        int64_t ms;
        if (option_check(&boot, "--boot", texts[i], &ms, err) < 0)
            return -1;
        scenario->boots[i] = (double)ms / 1000;
    }
    return 0;
}

static int read_policies(const struct options *options, struct request *request, struct err *err)
{
    size_t count;
    const char *const *names = options_list(options, "policy", &count);
    if (count > PLOT_SERIES_MAX)
        return err_set(err, ERR_INVALID, "--policy: at most %d times", PLOT_SERIES_MAX);
    struct scenario *scenario = &request->scenario;
    scenario->controllers = request->controllers;
    for (size_t i = 0; i < count; i++)
        if (!(request->controllers[i] = scenario_controller(names[i], err)))
            return -1;
    scenario->controller_count = count;
    for (size_t i = 0; count == 0 && sim_controllers[i].name; i++)
        request->controllers[scenario->controller_count++] = &sim_controllers[i];
    return 0;
}

static int read_workloads(const struct options *options, struct request *request, struct err *err)
{
    struct scenario *scenario = &request->scenario;
    const char *trace = options_text(options, "trace", NULL);
    scenario->generators = options_list(options, "workload", &scenario->generator_count);
    if (trace && scenario->generator_count > 0)
        return err_set(err, ERR_INVALID, "--trace and --workload exclude each other");
    if (trace)
        return (scenario->trace = request->trace = workload_load(trace, err)) ? 0 : -1;
    if (scenario->generator_count > 0)
        return 0;
    scenario->generators = workload_generators;
    while (workload_generators[scenario->generator_count])
        scenario->generator_count++;
    return 0;
}

static int read_request(const struct options *options, struct request *request, struct err *err)
{
    struct scenario *scenario = &request->scenario;
    scenario->settings = (struct sim_settings){
        .promise = seconds_of(options, "promise", 30),
        .min = options_number(options, "min-workers", 1),
        .max = options_number(options, "max-workers", 20),
    };
    scenario->set = options_given(options, "validation") ? WORKLOAD_VALIDATION : WORKLOAD_TRAINING;
    scenario->seed = (uint64_t)options_number(options, "seed", 1);
    scenario->seeds = (uint64_t)options_number(options, "seeds", 4);
    scenario->length = seconds_of(options, "length", 7200);
    if (scenario->settings.min > scenario->settings.max)
        return err_set(err, ERR_INVALID, "--min-workers is more than --max-workers");
    if (read_boots(options, scenario, err) < 0 || read_policies(options, request, err) < 0)
        return -1;
    return read_workloads(options, request, err);
}

/* --- The figures --- */

static void fields_result(struct fields *row, const struct sim_result *result)
{
    double paid = result->worker_seconds > 0 ? result->worker_seconds : 1;
    fields_integer(row, "over_s", (int64_t)(result->over + 0.5));
    fields_integer(row, "jobs", (int64_t)result->jobs);
    fields_integer(row, "late", (int64_t)result->late);
    fields_number(row, "p50_s", (double)histogram_quantile_us(&result->waits, 0.50) / 1e6);
    fields_number(row, "p95_s", (double)histogram_quantile_us(&result->waits, 0.95) / 1e6);
    fields_number(row, "p99_s", (double)histogram_quantile_us(&result->waits, 0.99) / 1e6);
    fields_integer(row, "worker_s", (int64_t)result->worker_seconds);
    fields_integer(row, "busy_percent", (int64_t)(100 * result->busy_seconds / paid));
    fields_integer(row, "spawns", (int64_t)result->spawns);
    fields_integer(row, "reversals", (int64_t)result->reversals);
    fields_integer(row, "interrupted", (int64_t)result->interrupted);
}

static void add_line(void *context, const struct scenario_line *line)
{
    struct request *request = context;
    struct fields *row = answer_row(request->answer);
    fields_text(row, "workload", line->workload);
    fields_number(row, "boot_s", line->boot);
    fields_text(row, "policy", line->controller->name);
    fields_result(row, &line->result);
    for (size_t i = 0; i < request->scenario.controller_count; i++)
        if (request->controllers[i] == line->controller)
            sim_result_add(&request->totals[i], &line->result);
}

static void add_totals(struct request *request)
{
    answer_list(request->answer, "totals");
    for (size_t i = 0; i < request->scenario.controller_count; i++) {
        struct fields *row = answer_row(request->answer);
        fields_text(row, "policy", request->controllers[i]->name);
        fields_result(row, &request->totals[i]);
    }
}

/* --- Pictures --- */

static int save(const char *path, const struct buf *picture, struct err *err)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return err_errno(err, errno, "cannot write %s", path);
    size_t written = fwrite(buf_data(picture), 1, picture->length, file);
    if (fclose(file) != 0 || written != picture->length)
        return err_errno(err, errno, "cannot write %s", path);
    return 0;
}

static int draw(const struct request *request, const struct workload *workload, double boot,
                const char *directory, struct err *err)
{
    const struct scenario *scenario = &request->scenario;
    struct sim_settings settings = scenario->settings;
    struct plot_series series[PLOT_SERIES_MAX];
    struct sim_result results[PLOT_SERIES_MAX];
    size_t count =
        scenario->controller_count < PLOT_SERIES_MAX ? scenario->controller_count : PLOT_SERIES_MAX;
    settings.boot = boot;
    for (size_t i = 0; i < count; i++) {
        simulate(workload, &settings, request->controllers[i], true, &results[i]);
        series[i] = (struct plot_series){request->controllers[i]->name, &results[i]};
    }
    struct buf picture;
    buf_init(&picture, PICTURE_MAX);
    char *title = mem_printf("%s, a worker starts in %g s", workload->name, boot);
    char *path = mem_printf("%s/%s-boot%g.svg", directory, workload->name, boot);
    int result = plot_svg(title, settings.promise, series, count, &picture);
    result = result < 0 ? err_set(err, ERR_LIMIT, "the picture is too large")
                        : save(path, &picture, err);
    free(title);
    free(path);
    buf_finish(&picture);
    for (size_t i = 0; i < count; i++)
        sim_result_finish(&results[i]);
    return result;
}

static int draw_boots(const struct request *request, const struct workload *workload,
                      const char *directory, struct err *err)
{
    for (size_t i = 0; i < request->scenario.boot_count; i++)
        if (draw(request, workload, request->scenario.boots[i], directory, err) < 0)
            return -1;
    return 0;
}

static int draw_all(const struct request *request, const char *directory, struct err *err)
{
    const struct scenario *scenario = &request->scenario;
    if (fd_mkdir_parents(directory, 0755, err) < 0)
        return -1;
    if (request->trace)
        return draw_boots(request, request->trace, directory, err);
    for (size_t i = 0; i < scenario->generator_count; i++) {
        struct workload *workload = workload_generate(scenario->generators[i], scenario->set,
                                                      scenario->seed, scenario->length, err);
        int result = workload ? draw_boots(request, workload, directory, err) : -1;
        workload_destroy(workload);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* --- The command --- */

static int run_request(struct request *request, const char *directory, struct err *err)
{
    answer_list(request->answer, "runs");
    if (scenario_run(&request->scenario, add_line, request, err) < 0)
        return -1;
    add_totals(request);
    return directory ? draw_all(request, directory, err) : 0;
}

static int run_simulate(struct context *context, struct err *err)
{
    struct request request = {.answer = &context->answer};
    int result = read_request(&context->options, &request, err);
    if (result == 0)
        result = run_request(&request, options_text(&context->options, "plot", NULL), err);
    workload_destroy(request.trace);
    return result;
}

const struct cli_command command_simulate = {
    .name = "scaler:simulate",
    .group = "scaling",
    .usage = "[--workload=NAME…|--trace=FILE] [--policy=NAME…] [--plot=DIRECTORY]",
    .summary = "Compares policies of scaling on workloads, by simulation",
    .details =
        "over_s: seconds in which the oldest job had waited for longer than promised; late: jobs\n"
        "that began later than promised; p50 to p99: waits; worker_s: seconds of all workers from\n"
        "start to end; spawns: workers started; reversals: changes of direction; interrupted: "
        "jobs\n"
        "whose worker was killed. Workloads: steady, diurnal, bursts, on_off, bulk, heavy_tail,\n"
        "long_jobs, slow_downstream, retry_storm, budget, metric_loss. Policies: latency, "
        "threshold\n"
        "(the guide's), horizon (with its default time-out: horizon-timeout), celery, hpa.",
    .options = simulate_options,
    .examples =
        (const char *const[]){"scaler:simulate",
                              "scaler:simulate --workload=bursts --boot=5 --promise=10",
                              "scaler:simulate --trace=emails.csv --plot=pictures --json", NULL},
    .run = run_simulate,
};
