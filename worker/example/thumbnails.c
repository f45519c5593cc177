/* SPDX-License-Identifier: MIT */
/*
 * An example of jobs in C: a plugin with two classes. Build it with the meson.build beside it, or
 * with
 *
 *     cc -shared -fPIC $(pkg-config --cflags muster-job) -o thumbnails.so thumbnails.c
 *
 * and let a queue run it:
 *
 *     [queue:images]
 *     handler = plugin
 *     command = /path/to/thumbnails.so 64 128
 *
 * The words behind the file are the widths of the thumbnails.
 */
#include <muster/job.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTHS_MAX 8

static int widths[WIDTHS_MAX];
static int width_count;

static int start(int argc, char **argv)
{
    for (int i = 1; i < argc && width_count < WIDTHS_MAX; i++) {
        widths[width_count] = atoi(argv[i]);
        if (widths[width_count++] <= 0)
            return 1;
    }
    return 0;
}

/* {"path": "…"}: pushes a job for each width. They are stored together with the success of this
 * one, so all of them will run, or this one runs again. */
static int split(struct muster_job *job)
{
    char data[4096 + 64];
    const char *path = muster_job_member(job, "path"); /* as JSON, quotes and all */
    if (!path || strlen(path) > 4096)
        return muster_job_give_up(job, "its data must be {\"path\": \"…\"}");
    for (int i = 0; i < width_count; i++) {
        snprintf(data, sizeof data, "{\"path\":%s,\"width\":%d}", path, widths[i]);
        if (muster_job_push(job, "Images\\Shrink", data, NULL, 0) < 0)
            return -1;
        muster_job_progress(job, 100. * (i + 1) / width_count, "pushed");
    }
    return 0;
}

/* {"path": "…", "width": 64}: writes PATH.64. */
static int shrink(struct muster_job *job)
{
    char name[4096];
    const char *path = muster_job_text(job, "path", "");
    int64_t width = muster_job_integer(job, "width", 0);
    if (width <= 0)
        return muster_job_give_up(job, "a width of %lld", (long long)width);
    snprintf(name, sizeof name, "%s.%lld", path, (long long)width);
    FILE *file = fopen(name, "w");
    if (!file && errno == ENOSPC)
        return muster_job_release(job, 60000);
    if (!file)
        return muster_job_fail(job, "cannot write %s: %s", name, strerror(errno));
    fprintf(file, "%s in %lld columns, by job %s\n", path, (long long)width, muster_job_uuid(job));
    fclose(file);
    muster_job_log(job, "info", "wrote %s", name);
    return 0;
}

static void shrink_failed(struct muster_job *job, const char *exception)
{
    fprintf(stderr, "no thumbnail of %s: %s\n", muster_job_text(job, "path", "?"), exception);
}

static const struct muster_job_class classes[] = {
    {.name = "Images\\Split", .handle = split, .max_attempts = 2},
    {.name = "Images\\Shrink",
     .handle = shrink,
     .failed = shrink_failed,
     .max_attempts = 5,
     .timeout_ms = 30000},
};

MUSTER_JOB_PLUGIN_WITH("thumbnails", "1.0", classes, start, NULL);
