/* SPDX-License-Identifier: MIT */

/* XML-RPC: the methods that start, stop and signal processes, and write to them. */
#include "supervisor/control/rpc_method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/signal_names.h"
#include "supervisor/control/rpc_info.h"
#include "supervisor/master.h"
#include "supervisor/programs/operation.h"
#include "supervisor/programs/select.h"

/* What a fault is about: for some Supervisor tells the cause, for others the name. */
static const char *extra_of(enum fault fault, const char *name, const char *cause)
{
    bool tells_cause =
        fault == FAULT_NO_FILE || fault == FAULT_NOT_EXECUTABLE || fault == FAULT_FAILED;
    if (fault == FAULT_SHUTDOWN_STATE)
        return NULL;
    return tells_cause ? cause : name;
}

/* A struct for what has become of one of several. */
static void put_result(struct rpc *rpc, const char *group, const char *name, enum fault fault,
                       const char *extra)
{
    xmlrpc_begin_struct(rpc_out(rpc));
    rpc_put_text(rpc, "name", name);
    rpc_put_text(rpc, "group", group);
    rpc_put_integer(rpc, "status", fault);
    xmlrpc_put_name(rpc_out(rpc), "description");
    if (fault == FAULT_SUCCESS)
        xmlrpc_put_text(rpc_out(rpc), "OK");
    else
        rpc_put_fault_text(rpc, fault, extra);
    xmlrpc_end_name(rpc_out(rpc));
    xmlrpc_end_struct(rpc_out(rpc));
}

static char *full_name(const char *group, const char *name)
{
    return strcmp(group, name) == 0 ? mem_strdup(name) : mem_printf("%s:%s", group, name);
}

/* Which processes */

static struct program_list all_of(const struct program_group *group)
{
    return (struct program_list){program_group_by_priority(group), group->member_count};
}

/* True for "group:*" and "group:", which mean all processes of a group. */
static bool names_a_group(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon && (colon[1] == '\0' || strcmp(colon + 1, "*") == 0);
}

/* The group of a name as above, or of the name of a group. NULL after a fault. */
static struct program_group *find_group(struct rpc *rpc, const char *name)
{
    const char *end = names_a_group(name) ? strchr(name, ':') : name + strlen(name);
    char *own = mem_strndup(name, (size_t)(end - name));
    struct program_group *group = programs_group(&rpc_master(rpc)->programs, own);
    if (!group)
        rpc_fail(rpc, FAULT_BAD_NAME, name);
    free(own);
    return group;
}

/* Starting and stopping */

static void end_one(void *context, const struct operation *operation)
{
    struct rpc *rpc = context;
    const struct operation_item *item = &operation->items[0];
    if (item->fault == FAULT_SUCCESS)
        rpc_yes(rpc);
    else
        rpc_fail(rpc, item->fault, extra_of(item->fault, rpc_text(rpc, 0), item->text));
    rpc_go_on(rpc);
}

/* Supervisor tells those first that nothing had to be waited for. */
static void put_results(struct rpc *rpc, const struct operation *operation, bool at_once)
{
    for (size_t i = 0; i < operation->item_count; i++) {
        const struct operation_item *item = &operation->items[i];
        if (item->at_once != at_once)
            continue;
        char *name = full_name(item->group, item->name);
        put_result(rpc, item->group, item->name, item->fault,
                   extra_of(item->fault, name, item->text));
        free(name);
    }
}

static void end_several(void *context, const struct operation *operation)
{
    struct rpc *rpc = context;
    xmlrpc_begin_array(rpc_out(rpc));
    put_results(rpc, operation, true);
    put_results(rpc, operation, false);
    xmlrpc_end_array(rpc_out(rpc));
    rpc_go_on(rpc);
}

/* Takes the list over. */
static enum rpc_outcome begin(struct rpc *rpc, enum operation_kind kind, struct program_list list,
                              bool waits, bool is_one)
{
    const struct operation_request request = {
        .kind = kind,
        .waits = waits,
        .only_needed = !is_one,
        .finished = is_one ? end_one : end_several,
        .context = rpc,
    };
    const struct operation *operation =
        operation_begin(&rpc_master(rpc)->programs, &list, &request);
    program_list_finish(&list);
    return operation->has_ended ? RPC_DONE : RPC_LATER;
}

static enum rpc_outcome begin_group(struct rpc *rpc, enum operation_kind kind)
{
    const struct program_group *group = find_group(rpc, rpc_text(rpc, 0));
    if (!group)
        return RPC_DONE;
    return begin(rpc, kind, all_of(group), rpc_boolean(rpc, 1, true), false);
}

static enum rpc_outcome begin_one(struct rpc *rpc, enum operation_kind kind)
{
    if (names_a_group(rpc_text(rpc, 0)))
        return begin_group(rpc, kind);
    struct program *program = rpc_program(rpc, 0);
    if (!program)
        return RPC_DONE;
    struct program_list list = {mem_new(1, sizeof(struct program *)), 1};
    list.items[0] = program;
    return begin(rpc, kind, list, rpc_boolean(rpc, 1, true), true);
}

static enum rpc_outcome begin_all(struct rpc *rpc, enum operation_kind kind)
{
    struct program_list list = {0};
    programs_select(&rpc_master(rpc)->programs, "all", &list, NULL);
    return begin(rpc, kind, list, rpc_boolean(rpc, 0, true), false);
}

static enum rpc_outcome run_start(struct rpc *rpc)
{
    return begin_one(rpc, OPERATION_START);
}

static enum rpc_outcome run_start_group(struct rpc *rpc)
{
    return begin_group(rpc, OPERATION_START);
}

static enum rpc_outcome run_start_all(struct rpc *rpc)
{
    return begin_all(rpc, OPERATION_START);
}

static enum rpc_outcome run_stop(struct rpc *rpc)
{
    return begin_one(rpc, OPERATION_STOP);
}

static enum rpc_outcome run_stop_group(struct rpc *rpc)
{
    return begin_group(rpc, OPERATION_STOP);
}

static enum rpc_outcome run_stop_all(struct rpc *rpc)
{
    return begin_all(rpc, OPERATION_STOP);
}

/* Signals */

static enum fault send_signal(struct program *program, const char *text, struct err *err)
{
    int number = signal_number(text);
    if (number >= 0)
        return program_signal(program, number, err);
    err_set(err, ERR_INVALID, "%s", text);
    return FAULT_BAD_SIGNAL;
}

/* Takes the list over. */
static enum rpc_outcome signal_several(struct rpc *rpc, struct program_list list, const char *text)
{
    xmlrpc_begin_array(rpc_out(rpc));
    for (size_t i = 0; i < list.count; i++) {
        struct program *program = list.items[i];
        struct err err = ERR_INIT;
        if (program_pid(program) == 0)
            continue;
        char *name = program_full_name(program);
        enum fault fault = send_signal(program, text, &err);
        put_result(rpc, program_group_name(program->group), program->process->name, fault,
                   fault == FAULT_BAD_SIGNAL ? text : extra_of(fault, name, err.text));
        free(name);
    }
    xmlrpc_end_array(rpc_out(rpc));
    program_list_finish(&list);
    return RPC_DONE;
}

static enum rpc_outcome run_signal_group(struct rpc *rpc)
{
    const struct program_group *group = find_group(rpc, rpc_text(rpc, 0));
    return group ? signal_several(rpc, all_of(group), rpc_text(rpc, 1)) : RPC_DONE;
}

static enum rpc_outcome run_signal_all(struct rpc *rpc)
{
    struct program_list list = {0};
    programs_select(&rpc_master(rpc)->programs, "all", &list, NULL);
    return signal_several(rpc, list, rpc_text(rpc, 0));
}

static enum rpc_outcome run_signal(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    const char *name = rpc_text(rpc, 0), *text = rpc_text(rpc, 1);
    if (names_a_group(name))
        return run_signal_group(rpc);
    struct program *program = rpc_program(rpc, 0);
    if (!program)
        return RPC_DONE;
    enum fault fault = send_signal(program, text, &err);
    if (fault == FAULT_SUCCESS)
        return rpc_yes(rpc);
    return rpc_fail(rpc, fault, fault == FAULT_BAD_SIGNAL ? text : extra_of(fault, name, err.text));
}

/* Standard input */

static enum rpc_outcome run_write(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    const struct xmlrpc_value *chars = rpc_param(rpc, 1);
    struct program *program = rpc_program(rpc, 0);
    if (!program)
        return RPC_DONE;
    enum fault fault = program_write(program, chars->text, chars->length, &err);
    if (fault == FAULT_SUCCESS)
        return rpc_yes(rpc);
    return rpc_fail(rpc, fault, fault == FAULT_FAILED ? err.text : rpc_text(rpc, 0));
}

#define PROCESS_NAME                                                                               \
    {                                                                                              \
        "string", "name", "The process: group:name, or a name that is also its group's.", false    \
    }
#define MEMBER_NAME                                                                                \
    {                                                                                              \
        "string", "name", "The process: group:name, or group:* for all.", false                    \
    }
#define GROUP_NAME                                                                                 \
    {                                                                                              \
        "string", "name", "The group.", false                                                      \
    }
#define WAIT                                                                                       \
    {                                                                                              \
        "boolean", "wait", "Whether the answer waits for that (true).", true                       \
    }
#define SIGNAL                                                                                     \
    {                                                                                              \
        "string", "signal", "Its name (HUP) or number (1).", false                                 \
    }

const struct rpc_method rpc_process_methods[] = {
    {.name = "startProcess",
     .acts = true,
     .result = "boolean",
     .params = {MEMBER_NAME, WAIT},
     .run = run_start,
     .help = "Starts a process."},
    {.name = "startProcessGroup",
     .acts = true,
     .result = "array",
     .params = {GROUP_NAME, WAIT},
     .run = run_start_group,
     .help = "Starts all processes of a group that do not run: an array of what has become of "
             "each."},
    {.name = "startAllProcesses",
     .acts = true,
     .result = "array",
     .params = {WAIT},
     .run = run_start_all,
     .help = "Starts all processes that do not run."},
    {.name = "stopProcess",
     .acts = true,
     .result = "boolean",
     .params = {MEMBER_NAME, WAIT},
     .run = run_stop,
     .help = "Stops a process."},
    {.name = "stopProcessGroup",
     .acts = true,
     .result = "array",
     .params = {GROUP_NAME, WAIT},
     .run = run_stop_group,
     .help = "Stops all processes of a group that run."},
    {.name = "stopAllProcesses",
     .acts = true,
     .result = "array",
     .params = {WAIT},
     .run = run_stop_all,
     .help = "Stops all processes that run."},
    {.name = "signalProcess",
     .acts = true,
     .result = "boolean",
     .params = {MEMBER_NAME, SIGNAL},
     .run = run_signal,
     .help = "Sends a signal to a process."},
    {.name = "signalProcessGroup",
     .acts = true,
     .result = "array",
     .params = {GROUP_NAME, SIGNAL},
     .run = run_signal_group,
     .help = "Sends a signal to all processes of a group."},
    {.name = "signalAllProcesses",
     .acts = true,
     .result = "array",
     .params = {SIGNAL},
     .run = run_signal_all,
     .help = "Sends a signal to all processes."},
    {.name = "sendProcessStdin",
     .acts = true,
     .result = "boolean",
     .params = {PROCESS_NAME, {"string", "chars", "What is written to it, as UTF-8.", false, true}},
     .run = run_write,
     .help = "Writes to the standard input of a process."},
    {.name = "getProcessInfo",
     .result = "struct",
     .params = {PROCESS_NAME},
     .run = rpc_run_process_info,
     .help = "What there is to know of a process."},
    {.name = "getAllProcessInfo",
     .result = "array",
     .run = rpc_run_all_process_info,
     .help = "The same of all processes, by group and name."},
    {.name = "getAllConfigInfo",
     .result = "array",
     .run = rpc_run_all_config_info,
     .help = "How each process of the configuration is configured, by name."},
    {.name = NULL},
};
