/* SPDX-License-Identifier: MIT */

/* XML-RPC: the methods about the daemon, its configuration and its groups. */
#include "supervisor/control/rpc_method.h"

#include <stdlib.h>
#include <unistd.h>

#include "supervisor/master.h"
#include "supervisor/programs/select.h"
#include "supervisor/programs/update.h"

#define API_VERSION "3.0"
#define SAME_AS     "4.2.5" /* the Supervisor that we behave like */

#define STATE_RUNNING 1 /* no other one is ever told: there are faults in its place */

static enum rpc_outcome run_api_version(struct rpc *rpc)
{
    xmlrpc_put_text(rpc_out(rpc), API_VERSION);
    return RPC_DONE;
}

static enum rpc_outcome run_version(struct rpc *rpc)
{
    xmlrpc_put_text(rpc_out(rpc), SAME_AS);
    return RPC_DONE;
}

static enum rpc_outcome run_identification(struct rpc *rpc)
{
    xmlrpc_put_text(rpc_out(rpc), rpc_master(rpc)->programs.host.identifier);
    return RPC_DONE;
}

static enum rpc_outcome run_state(struct rpc *rpc)
{
    xmlrpc_begin_struct(rpc_out(rpc));
    rpc_put_integer(rpc, "statecode", STATE_RUNNING);
    rpc_put_text(rpc, "statename", "RUNNING");
    xmlrpc_end_struct(rpc_out(rpc));
    return RPC_DONE;
}

static enum rpc_outcome run_pid(struct rpc *rpc)
{
    xmlrpc_put_integer(rpc_out(rpc), getpid());
    return RPC_DONE;
}

static enum rpc_outcome run_shutdown(struct rpc *rpc)
{
    master_stop(rpc_master(rpc));
    return rpc_yes(rpc);
}

static enum rpc_outcome run_restart(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    if (master_start_over(rpc_master(rpc), &err) < 0)
        return rpc_fail(rpc, FAULT_CANT_REREAD, err.text);
    return rpc_yes(rpc);
}

/* Another configuration */

/* Names of groups, by what becomes of them. */
struct changes {
    struct {
        char **names;
        size_t count;
    } kinds[UPDATE_KIND_COUNT];
};

static void note_group(void *context, const char *name, enum update_kind kind)
{
    struct changes *changes = context;
    size_t count = changes->kinds[kind].count++;
    changes->kinds[kind].names = mem_resize(changes->kinds[kind].names, count + 1, sizeof(char *));
    changes->kinds[kind].names[count] = mem_strdup(name);
}

static void put_changes(struct xmlrpc_writer *out, struct changes *changes)
{
    xmlrpc_begin_array(out);
    xmlrpc_begin_array(out);
    for (int kind = 0; kind < UPDATE_KIND_COUNT; kind++) {
        xmlrpc_begin_array(out);
        for (size_t i = 0; i < changes->kinds[kind].count; i++) {
            xmlrpc_put_text(out, changes->kinds[kind].names[i]);
            free(changes->kinds[kind].names[i]);
        }
        free(changes->kinds[kind].names);
        xmlrpc_end_array(out);
    }
    xmlrpc_end_array(out);
    xmlrpc_end_array(out);
}

static enum rpc_outcome run_reload_config(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    struct master *master = rpc_master(rpc);
    if (master_reread_programs(master, &err) < 0)
        return rpc_fail(rpc, FAULT_CANT_REREAD, err.text);
    struct changes changes = {0};
    const struct update_listener listener = {.group = note_group, .context = &changes};
    programs_compare(&master->programs, &listener);
    put_changes(rpc_out(rpc), &changes);
    return RPC_DONE;
}

static enum rpc_outcome end(struct rpc *rpc, enum fault fault, const char *extra)
{
    return fault == FAULT_SUCCESS ? rpc_yes(rpc) : rpc_fail(rpc, fault, extra);
}

static enum rpc_outcome run_add_group(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    const char *name = rpc_text(rpc, 0);
    enum fault fault = programs_add(&rpc_master(rpc)->programs, name, &err);
    return end(rpc, fault, fault == FAULT_FAILED ? err.text : name);
}

static enum rpc_outcome run_remove_group(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    const char *name = rpc_text(rpc, 0);
    return end(rpc, programs_remove(&rpc_master(rpc)->programs, name, &err), name);
}

/* Listeners */

static enum rpc_outcome run_send_event(struct rpc *rpc)
{
    event_notify_format(&rpc_master(rpc)->programs.host.bus, EVENT_REMOTE_COMMUNICATION,
                        "type:%s\n%s", rpc_text(rpc, 0), rpc_text(rpc, 1));
    return rpc_yes(rpc);
}

#define GROUP_NAME                                                                                 \
    {                                                                                              \
        "string", "name", "The name of the group.", false                                          \
    }

const struct rpc_method rpc_daemon_methods[] = {
    {.name = "getAPIVersion",
     .result = "string",
     .run = run_api_version,
     .help = "The version of this interface."},
    {.name = "getVersion",
     .result = "string",
     .run = run_api_version,
     .help = "The old name of getAPIVersion."},
    {.name = "getSupervisorVersion",
     .result = "string",
     .run = run_version,
     .help = "The version of Supervisor that the daemon behaves like."},
    {.name = "getIdentification",
     .result = "string",
     .run = run_identification,
     .help = "The identifier of the daemon, from its configuration."},
    {.name = "getState",
     .result = "struct",
     .run = run_state,
     .help = "The state of the daemon: statecode and statename."},
    {.name = "getPID", .result = "int", .run = run_pid, .help = "The pid of the daemon."},
    {.name = "shutdown",
     .acts = true,
     .result = "boolean",
     .run = run_shutdown,
     .help = "Stops all programs, and the daemon."},
    {.name = "restart",
     .acts = true,
     .result = "boolean",
     .run = run_restart,
     .help = "Stops all programs, reads the configuration again, and begins anew in the same "
             "process. Refused where the configuration is wrong."},
    {.name = "reloadConfig",
     .acts = true,
     .result = "array",
     .run = run_reload_config,
     .help = "Reads the configuration again, and tells which groups it adds, changes and removes: "
             "[[added, changed, removed]]. Nothing is started or stopped."},
    {.name = "addProcessGroup",
     .acts = true,
     .result = "boolean",
     .params = {GROUP_NAME},
     .run = run_add_group,
     .help = "Makes a group of the configuration active."},
    {.name = "removeProcessGroup",
     .acts = true,
     .result = "boolean",
     .params = {GROUP_NAME},
     .run = run_remove_group,
     .help = "Takes a group away whose processes are stopped."},
    {.name = "sendRemoteCommEvent",
     .acts = true,
     .result = "boolean",
     .params = {{"string", "type", "What stands behind type: in the event.", false},
                {"string", "data", "The rest of the event.", false}},
     .run = run_send_event,
     .help = "Tells listeners a REMOTE_COMMUNICATION event.",
     .while_stopping = true},
    {.name = NULL},
};
