/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "common/shared_object.h"
#include "worker/plugin/host.h"
#include "worker/protocol.h"

/* muster-plugin-host FILE [ARGUMENT…]: see worker/include/muster/job.h. */

#define CLASSES_MAX PROTOCOL_CLASSES_MAX

enum { EXIT_WELL = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2 };

/* The plugin */

static int check_plugin(const struct muster_job_plugin *plugin, const char *path, struct err *err)
{
    if (plugin->abi != MUSTER_JOB_ABI)
        return err_set(err, ERR_INVALID,
                       "%s was built for version %u of muster/job.h, this host has %d: build it "
                       "again",
                       path, plugin->abi, MUSTER_JOB_ABI);
    if (plugin->class_size != sizeof(struct muster_job_class))
        return err_set(err, ERR_INVALID, "%s was built with another muster/job.h: build it again",
                       path);
    if (!plugin->name || !plugin->version || !plugin->classes || plugin->class_count < 1 ||
        plugin->class_count > CLASSES_MAX)
        return err_set(err, ERR_INVALID, "%s has no name, no version, or not 1 to %d classes", path,
                       CLASSES_MAX);
    return 0;
}

static const struct muster_job_plugin *load(const char *path, struct err *err)
{
    struct err cause = ERR_INIT;
    const struct muster_job_plugin *plugin = shared_object_entry(path, MUSTER_JOB_SYMBOL, &cause);
    if (!plugin) {
        err_set(err, cause.code, "%s: a plugin of jobs ends with MUSTER_JOB_PLUGIN(…)", cause.text);
        return NULL;
    }
    return check_plugin(plugin, path, err) == 0 ? plugin : NULL;
}

static int run(int argc, char **argv, struct err *err)
{
    struct host host;
    const struct muster_job_plugin *plugin = load(argv[0], err);
    if (!plugin)
        return -1;
    int status = plugin->start ? plugin->start(argc, argv) : 0;
    if (status != 0)
        return err_set(err, ERR_SYSTEM, "the start of plugin %s returned %d", plugin->name, status);
    int result = host_start(&host, plugin, PROTOCOL_FD_TO_HANDLER, PROTOCOL_FD_FROM_HANDLER, err);
    if (result == 0)
        result = host_serve(&host, err);
    host_finish(&host);
    if (plugin->stop)
        plugin->stop();
    return result;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr,
                "muster-plugin-host FILE.so [ARGUMENT…]: started by workers of a queue with "
                "handler = plugin\n");
        return EXIT_USAGE;
    }
    if (run(argc - 1, argv + 1, &err) == 0)
        return EXIT_WELL;
    fprintf(stderr, "%s\n", err.text);
    return EXIT_BROKEN;
}
