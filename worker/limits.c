/* SPDX-License-Identifier: MIT */
#include "worker/limits.h"

struct worker_options limits_of(const struct worker *worker, const struct attempt *attempt)
{
    struct job_settings said;
    const char *class = attempt->job->name;
    struct worker_options options = *worker_options(worker);
    classes_apply(&attempt->route->host.classes, class, &options);
    if (settings_job(worker->plan->settings, class, &said))
        settings_job_apply(&said, &options);
    return options;
}
