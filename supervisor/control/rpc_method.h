/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_RPC_METHOD_H
#define SUPERVISOR_CONTROL_RPC_METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/control/rpc.h"
#include "supervisor/control/xmlrpc.h"
#include "supervisor/programs/fault.h"

/*
 * For the methods of XML-RPC: one row each, which is the source of dispatch, of the checks of
 * parameters, and of system.methodHelp and methodSignature.
 */
struct program;
struct rpc;

enum rpc_outcome {
    RPC_DONE,  /* one value has been written to rpc_out, or rpc_fail has been called */
    RPC_LATER, /* rpc_go_on will be called when it has */
};

#define RPC_PARAMS_MAX 3

struct rpc_param {
    const char *type; /* "string", "int", "boolean", "array"; NULL ends them */
    const char *name;
    const char *help;
    bool is_optional;
    bool may_have_nul; /* a string that is no name */
};

struct rpc_method {
    const char *name;   /* behind the dot; NULL ends a table */
    const char *result; /* its type */
    struct rpc_param params[RPC_PARAMS_MAX];
    enum rpc_outcome (*run)(struct rpc *rpc);
    const char *help;
    bool while_stopping; /* also while musterd stops */
    bool acts;           /* changes something: is in the audit log */
};

/* Tables: of namespaces that are configured (supervisor), and of system. */
extern const struct rpc_method *const rpc_supervisor_tables[]; /* NULL-terminated */
extern const struct rpc_method rpc_daemon_methods[];
extern const struct rpc_method rpc_process_methods[];
extern const struct rpc_method rpc_log_methods[];
extern const struct rpc_method rpc_system_methods[];

/* Calls visit with every method there is, by namespace. */
void rpc_each_method(const struct master *master,
                     void (*visit)(void *context, const char *space,
                                   const struct rpc_method *method),
                     void *context);

/* The call that a method runs in. Parameters have been checked by its row. */
struct master *rpc_master(const struct rpc *rpc);
struct xmlrpc_writer *rpc_out(struct rpc *rpc);
const struct xmlrpc_value *rpc_param(const struct rpc *rpc, size_t index);
const char *rpc_text(const struct rpc *rpc, size_t index);
int64_t rpc_integer(const struct rpc *rpc, size_t index);
bool rpc_boolean(const struct rpc *rpc, size_t index, bool otherwise);

/* Ends the call with a fault, "NAME" or "NAME: extra" (extra may be NULL). Returns RPC_DONE. */
enum rpc_outcome rpc_fail(struct rpc *rpc, enum fault fault, const char *extra);

/* Puts the text of a fault, as a value. */
void rpc_put_fault_text(struct rpc *rpc, enum fault fault, const char *extra);

/* Ends one that was RPC_LATER. */
void rpc_go_on(struct rpc *rpc);

/* true, as a value. */
enum rpc_outcome rpc_yes(struct rpc *rpc);

/* Members of a struct. */
void rpc_put_text(struct rpc *rpc, const char *name, const char *text);
void rpc_put_integer(struct rpc *rpc, const char *name, int64_t value);
void rpc_put_boolean(struct rpc *rpc, const char *name, bool value);

/* The process that a parameter names, "group:name" or a name. NULL after a fault. */
struct program *rpc_program(struct rpc *rpc, size_t index);

/* Notes a call in the audit log; params is an array, or NULL. */
void rpc_audit(struct master *master, const struct rpc_caller *caller, const char *method,
               const struct xmlrpc_value *params, enum fault fault);

/* For system.multicall: each call of the array in turn, then their values. */
enum rpc_outcome rpc_multicall(struct rpc *rpc, const struct xmlrpc_value *calls);

#endif
