/* SPDX-License-Identifier: MIT */
#include "supervisor/control/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "supervisor/control/rpc_method.h"
#include "supervisor/master.h"
#include "supervisor/programs/select.h"

struct rpc {
    struct master *master;
    long caller_uid;
    char *caller_user;
    rpc_reply_fn reply;
    void *context;
    struct arena arena; /* of what was asked */
    struct xmlrpc_call call;
    struct buf answer;
    struct xmlrpc_writer out;
    const struct xmlrpc_value *params; /* of the call that runs */
    size_t value_start;                /* where its value begins */
    enum fault fault;                  /* FAULT_SUCCESS: none */
    char *extra;
    bool is_waiting; /* its method was RPC_LATER */
    bool is_multicall;
    const struct xmlrpc_value *next_call; /* of a multicall */
};

const struct rpc_method *const rpc_supervisor_tables[] = {rpc_daemon_methods, rpc_process_methods,
                                                          rpc_log_methods, NULL};

/* For methods */

struct master *rpc_master(const struct rpc *rpc)
{
    return rpc->master;
}

struct xmlrpc_writer *rpc_out(struct rpc *rpc)
{
    return &rpc->out;
}

const struct xmlrpc_value *rpc_param(const struct rpc *rpc, size_t index)
{
    return rpc->params ? xmlrpc_item(rpc->params, index) : NULL;
}

const char *rpc_text(const struct rpc *rpc, size_t index)
{
    return rpc_param(rpc, index)->text;
}

int64_t rpc_integer(const struct rpc *rpc, size_t index)
{
    return rpc_param(rpc, index)->integer;
}

bool rpc_boolean(const struct rpc *rpc, size_t index, bool otherwise)
{
    const struct xmlrpc_value *value = rpc_param(rpc, index);
    return value ? value->integer != 0 : otherwise;
}

enum rpc_outcome rpc_fail(struct rpc *rpc, enum fault fault, const char *extra)
{
    free(rpc->extra);
    rpc->fault = fault;
    rpc->extra = mem_strdup(extra);
    return RPC_DONE;
}

static char *fault_text(enum fault fault, const char *extra)
{
    return extra ? mem_printf("%s: %s", fault_name(fault), extra) : mem_strdup(fault_name(fault));
}

void rpc_put_fault_text(struct rpc *rpc, enum fault fault, const char *extra)
{
    char *text = fault_text(fault, extra);
    xmlrpc_put_text(&rpc->out, text);
    free(text);
}

enum rpc_outcome rpc_yes(struct rpc *rpc)
{
    xmlrpc_put_boolean(&rpc->out, true);
    return RPC_DONE;
}

void rpc_put_text(struct rpc *rpc, const char *name, const char *text)
{
    xmlrpc_put_name(&rpc->out, name);
    xmlrpc_put_text(&rpc->out, text);
    xmlrpc_end_name(&rpc->out);
}

void rpc_put_integer(struct rpc *rpc, const char *name, int64_t value)
{
    xmlrpc_put_name(&rpc->out, name);
    xmlrpc_put_integer(&rpc->out, value);
    xmlrpc_end_name(&rpc->out);
}

void rpc_put_boolean(struct rpc *rpc, const char *name, bool value)
{
    xmlrpc_put_name(&rpc->out, name);
    xmlrpc_put_boolean(&rpc->out, value);
    xmlrpc_end_name(&rpc->out);
}

struct program *rpc_program(struct rpc *rpc, size_t index)
{
    struct err err = ERR_INIT;
    const char *name = rpc_text(rpc, index);
    struct program *program = programs_find(&rpc->master->programs, name, &err);
    if (!program)
        rpc_fail(rpc, FAULT_BAD_NAME, name);
    return program;
}

/* Finding a method */

static bool space_is_ours(const struct master *master, const char *space, size_t length)
{
    const struct supervisor_settings *settings = &master->settings->supervisor;
    for (size_t i = 0; i < settings->rpcinterface_count; i++) {
        const struct rpcinterface_settings *interface = &settings->rpcinterfaces[i];
        if (strcmp(interface->factory, RPCINTERFACE_FACTORY) == 0 &&
            strlen(interface->name) == length && memcmp(interface->name, space, length) == 0)
            return true;
    }
    return false;
}

static const struct rpc_method *find_in(const struct rpc_method *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

static const struct rpc_method *find_method(const struct master *master, const char *name)
{
    const char *dot = strchr(name, '.');
    const struct rpc_method *found = NULL;
    if (!dot)
        return NULL;
    if (strncmp(name, "system.", 7) == 0)
        return find_in(rpc_system_methods, dot + 1);
    if (!space_is_ours(master, name, (size_t)(dot - name)))
        return NULL;
    for (size_t i = 0; rpc_supervisor_tables[i] && !found; i++)
        found = find_in(rpc_supervisor_tables[i], dot + 1);
    return found;
}

static void visit_table(const struct rpc_method *table, const char *space,
                        void (*visit)(void *, const char *, const struct rpc_method *),
                        void *context)
{
    for (; table->name; table++)
        visit(context, space, table);
}

void rpc_each_method(const struct master *master,
                     void (*visit)(void *context, const char *space,
                                   const struct rpc_method *method),
                     void *context)
{
    const struct supervisor_settings *settings = &master->settings->supervisor;
    visit_table(rpc_system_methods, "system", visit, context);
    for (size_t i = 0; i < settings->rpcinterface_count; i++)
        if (strcmp(settings->rpcinterfaces[i].factory, RPCINTERFACE_FACTORY) == 0)
            for (size_t k = 0; rpc_supervisor_tables[k]; k++)
                visit_table(rpc_supervisor_tables[k], settings->rpcinterfaces[i].name, visit,
                            context);
}

/* Calling it */

static bool fits(const struct rpc_param *param, const struct xmlrpc_value *value)
{
    switch (param->type[0]) {
    case 's':
        return value->kind == XMLRPC_STRING &&
               (param->may_have_nul || strlen(value->text) == value->length);
    case 'i':
        return value->kind == XMLRPC_INTEGER || value->kind == XMLRPC_BOOLEAN;
    case 'b':
        return value->kind == XMLRPC_BOOLEAN || value->kind == XMLRPC_INTEGER;
    default:
        return value->kind == XMLRPC_ARRAY;
    }
}

static bool params_fit(const struct rpc_method *method, const struct xmlrpc_value *params)
{
    const struct xmlrpc_value *value = params ? params->first : NULL;
    for (size_t i = 0; i < RPC_PARAMS_MAX && method->params[i].type; i++) {
        if (!value && !method->params[i].is_optional)
            return false;
        if (value && !fits(&method->params[i], value))
            return false;
        value = value ? value->next : NULL;
    }
    return !value;
}

/* Of one that is waited for it is told that it has been taken. */
static void audit(const struct rpc *rpc, const char *name, const struct xmlrpc_value *params)
{
    const struct rpc_caller caller = {rpc->caller_uid, rpc->caller_user};
    rpc_audit(rpc->master, &caller, name, params, rpc->fault);
}

static enum rpc_outcome run(struct rpc *rpc, const char *name, const struct xmlrpc_value *params)
{
    const struct rpc_method *method = find_method(rpc->master, name);
    rpc->params = params;
    rpc->value_start = rpc->answer.length;
    log_write(LOG_TRACE, "XML-RPC method called: %s()", name ? name : "");
    if (!method)
        return rpc_fail(rpc, FAULT_UNKNOWN_METHOD, NULL);
    if (!params_fit(method, params))
        return rpc_fail(rpc, FAULT_INCORRECT_PARAMETERS, NULL);
    if (rpc->master->phase != MASTER_RUNNING && !method->while_stopping)
        return rpc_fail(rpc, FAULT_SHUTDOWN_STATE, NULL);
    enum rpc_outcome outcome = method->run(rpc);
    if (method->acts)
        audit(rpc, name, params);
    return outcome;
}

/* Several calls in one */

static enum rpc_outcome run_one_of_many(struct rpc *rpc, const struct xmlrpc_value *call)
{
    const struct xmlrpc_value *name = xmlrpc_member(call, "methodName");
    const struct xmlrpc_value *params = xmlrpc_member(call, "params");
    rpc->value_start = rpc->answer.length;
    if (!name || name->kind != XMLRPC_STRING)
        return rpc_fail(rpc, FAULT_INCORRECT_PARAMETERS, "No methodName");
    if (strcmp(name->text, "system.multicall") == 0)
        return rpc_fail(rpc, FAULT_INCORRECT_PARAMETERS, "Recursive system.multicall forbidden");
    if (params && params->kind != XMLRPC_ARRAY)
        return rpc_fail(rpc, FAULT_INCORRECT_PARAMETERS, NULL);
    return run(rpc, name->text, params);
}

static void end_one_of_many(struct rpc *rpc)
{
    if (rpc->fault == FAULT_SUCCESS)
        return;
    char *text = fault_text(rpc->fault, rpc->extra);
    buf_truncate(&rpc->answer, rpc->value_start);
    xmlrpc_put_fault(&rpc->out, (int)rpc->fault, text);
    rpc->fault = FAULT_SUCCESS;
    free(text);
}

static enum rpc_outcome run_remaining(struct rpc *rpc)
{
    while (rpc->next_call) {
        const struct xmlrpc_value *call = rpc->next_call;
        rpc->next_call = call->next;
        if (run_one_of_many(rpc, call) == RPC_LATER)
            return RPC_LATER;
        end_one_of_many(rpc);
    }
    xmlrpc_end_array(&rpc->out);
    return RPC_DONE;
}

enum rpc_outcome rpc_multicall(struct rpc *rpc, const struct xmlrpc_value *calls)
{
    rpc->is_multicall = true;
    rpc->next_call = calls->first;
    xmlrpc_begin_array(&rpc->out);
    return run_remaining(rpc);
}

/* Answering */

static void put_fault(struct rpc *rpc, enum fault fault, const char *extra)
{
    char *text = fault_text(fault, extra);
    buf_clear(&rpc->answer);
    rpc->out.full = false;
    xmlrpc_put_fault_response(&rpc->out, (int)fault, text);
    free(text);
}

static void finish(struct rpc *rpc, int status)
{
    rpc->reply(rpc->context, status, &rpc->answer);
    arena_finish(&rpc->arena);
    buf_finish(&rpc->answer);
    free(rpc->extra);
    free(rpc->caller_user);
    free(rpc);
}

static void answer(struct rpc *rpc)
{
    if (rpc->fault != FAULT_SUCCESS)
        put_fault(rpc, rpc->fault, rpc->extra);
    else if (xmlrpc_end_response(&rpc->out) < 0)
        put_fault(rpc, FAULT_FAILED, "the answer is longer than 64 MiB; ask for less at a time");
    finish(rpc, 200);
}

void rpc_go_on(struct rpc *rpc)
{
    if (!rpc->is_waiting)
        return; /* its method has not returned yet */
    rpc->is_waiting = false;
    if (rpc->is_multicall) {
        end_one_of_many(rpc);
        rpc->is_waiting = run_remaining(rpc) == RPC_LATER;
    }
    if (!rpc->is_waiting)
        answer(rpc);
}

void rpc_call(struct master *master, const struct rpc_caller *caller, const char *text,
              size_t length, rpc_reply_fn reply, void *context)
{
    struct err err = ERR_INIT;
    struct rpc *rpc = mem_new(1, sizeof *rpc);
    *rpc = (struct rpc){.master = master,
                        .caller_uid = caller->uid,
                        .caller_user = mem_strdup(caller->user),
                        .reply = reply,
                        .context = context,
                        .fault = FAULT_SUCCESS};
    buf_init(&rpc->answer, RPC_ANSWER_MAX);
    rpc->out.buf = &rpc->answer;
    if (xmlrpc_parse_call(text, length, &rpc->arena, &rpc->call, &err) < 0) {
        log_write(LOG_ERROR, "XML-RPC request data is invalid: %s", err.text);
        buf_printf(&rpc->answer, "%s\n", err.text);
        finish(rpc, 400);
        return;
    }
    xmlrpc_begin_response(&rpc->out);
    rpc->is_waiting = run(rpc, rpc->call.method, &rpc->call.params) == RPC_LATER;
    if (!rpc->is_waiting)
        answer(rpc);
}
