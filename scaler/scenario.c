/* SPDX-License-Identifier: MIT */
#include "scaler/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"

/* Who is called with the lines. */
struct listener {
    void (*each)(void *context, const struct scenario_line *line);
    void *context;
};

static void add_run(const struct scenario *scenario, const struct workload *workload, double boot,
                    struct sim_result *sums)
{
    struct sim_settings settings = scenario->settings;
    settings.boot = boot;
    for (size_t i = 0; i < scenario->controller_count; i++) {
        struct sim_result result;
        simulate(workload, &settings, scenario->controllers[i], false, &result);
        sim_result_add(&sums[i], &result);
        sim_result_finish(&result);
    }
}

static int add_seeds(const struct scenario *scenario, const char *generator, double boot,
                     struct sim_result *sums, struct err *err)
{
    if (scenario->trace) {
        add_run(scenario, scenario->trace, boot, sums);
        return 0;
    }
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        struct workload *workload =
            workload_generate(generator, scenario->set, scenario->seed + i, scenario->length, err);
        if (!workload)
            return -1;
        add_run(scenario, workload, boot, sums);
        workload_destroy(workload);
    }
    return 0;
}

static int run_workload(const struct scenario *scenario, const char *name, double boot,
                        const struct listener *listener, struct err *err)
{
    struct sim_result *sums = mem_new(scenario->controller_count + 1, sizeof *sums);
    int result = add_seeds(scenario, name, boot, sums, err);
    for (size_t i = 0; result == 0 && i < scenario->controller_count; i++) {
        const struct scenario_line line = {name, boot, scenario->controllers[i], sums[i]};
        listener->each(listener->context, &line);
    }
    free(sums);
    return result;
}

static int run_boots(const struct scenario *scenario, const char *name,
                     const struct listener *listener, struct err *err)
{
    for (size_t i = 0; i < scenario->boot_count; i++)
        if (run_workload(scenario, name, scenario->boots[i], listener, err) < 0)
            return -1;
    return 0;
}

int scenario_run(const struct scenario *scenario,
                 void (*each)(void *context, const struct scenario_line *line), void *context,
                 struct err *err)
{
    const struct listener listener = {each, context};
    if (scenario->trace)
        return run_boots(scenario, scenario->trace->name, &listener, err);
    for (size_t i = 0; i < scenario->generator_count; i++)
        if (run_boots(scenario, scenario->generators[i], &listener, err) < 0)
            return -1;
    return 0;
}

const struct sim_controller *scenario_controller(const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (const struct sim_controller *each = sim_controllers; each->name; each++) {
        if (strcmp(each->name, name) == 0)
            return each;
        nearest_consider(&nearest, each->name);
    }
    err_set(err, ERR_NOT_FOUND, "there is no policy \"%.40s\"%s%s", name,
            nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "");
    return NULL;
}
