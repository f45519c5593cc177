/* SPDX-License-Identifier: MIT */

/* Lets musterd become the program that is installed now, and waits for it. */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/context.h"
#include "cli/output.h"
#include "common/clock.h"
#include "common/path.h"
#include "supervisor/control_client.h"

#define CALL_MS      10000
#define WAIT_MS      60000
#define WAIT_STEP_US 20000

static const struct cli_option upgrade_options[] = {
    {.name = "program",
     .kind = OPTION_TEXT,
     .value = "FILE",
     .help = "the musterd to become (default: the file of the running one, as it is now)"},
    OPTIONS_END,
};

static char *make_request(const char *program)
{
    cJSON *request = cJSON_CreateObject();
    json_put_text(request, "command", "upgrade");
    if (program) {
        char *path = path_absolute(program);
        json_put_text(request, "program", path);
        free(path);
    }
    char *text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

/* The number of upgrades that there were before; -1 with err. */
static int64_t begin(const char *socket, const char *program, struct err *err)
{
    char *request = make_request(program);
    cJSON *answer = control_call(socket, request, CALL_MS, err);
    int64_t before = answer ? json_get_integer(answer, "upgrades", 0) : -1;
    cJSON_Delete(answer);
    cJSON_free(request);
    return before;
}

/* What became of it, or NULL with err. While it happens a call may be cut off. */
static cJSON *wait_for_end(const char *socket, int64_t before, struct err *err)
{
    int64_t deadline = clock_monotonic_ms(&clock_system) + WAIT_MS;
    while (clock_monotonic_ms(&clock_system) < deadline) {
        cJSON *told = control_command(socket, "upgrade-status", NULL, CALL_MS, NULL);
        const char *state = json_get_string(told, "state", "");
        if (json_get_integer(told, "upgrades", 0) > before)
            return told;
        if (strcmp(state, "failed") == 0) {
            err_set(err, ERR_CONFLICT, "%s; musterd goes on as it was",
                    json_get_string(told, "error", "the upgrade has failed"));
            cJSON_Delete(told);
            return NULL;
        }
        cJSON_Delete(told);
        usleep(WAIT_STEP_US);
    }
    err_set(err, ERR_UNAVAILABLE,
            "musterd has not become the new program within %d s: its log says why", WAIT_MS / 1000);
    return NULL;
}

static int run_upgrade(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    const char *socket = settings->muster.socket;
    int64_t before = begin(socket, options_text(&context->options, "program", NULL), err);
    cJSON *told = before >= 0 ? wait_for_end(socket, before, err) : NULL;
    if (!told)
        return -1;
    const char *version = json_get_string(told, "version", "");
    fields_boolean(&context->answer.values, "upgraded", true);
    fields_text(&context->answer.values, "version", version);
    answer_line(&context->answer, "musterd is now version %s; nothing was restarted", version);
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_upgrade = {
    .name = "upgrade",
    .group = "daemon",
    .usage = "",
    .summary =
        "Lets musterd become the version that is installed now, without a restart of anything",
    .details =
        "The new program checks the configuration and what it is to take over first; where it\n"
        "cannot, all stays as it is and the message says why. Programs, workers, their output\n"
        "and the sockets go on; workers run by their old program until\n"
        "`muster queue:restart`.",
    .options = upgrade_options,
    .examples = (const char *const[]){"upgrade", "upgrade --program=/opt/muster/bin/musterd", NULL},
    .run = run_upgrade,
};
