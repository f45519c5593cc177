/* SPDX-License-Identifier: MIT */
/* Jobs that do nothing, as a plugin: what a queue does with them is the cost of Muster alone. */
#include <muster/job.h>

static int noop(struct muster_job *job)
{
    (void)job;
    return 0;
}

static const struct muster_job_class classes[] = {{.name = "Noop", .handle = noop}};

MUSTER_JOB_PLUGIN("noop", "1.0", classes);
