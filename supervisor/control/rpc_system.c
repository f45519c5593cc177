/* SPDX-License-Identifier: MIT */

/* XML-RPC: the methods about methods. */
#include "supervisor/control/rpc_method.h"

#include <stdlib.h>
#include <string.h>

/* "space.name" of each, sorted */
struct names {
    char **items;
    size_t count;
};

static void add_name(void *context, const char *space, const struct rpc_method *method)
{
    struct names *names = context;
    names->items = mem_resize(names->items, names->count + 1, sizeof *names->items);
    names->items[names->count++] = mem_printf("%s.%s", space, method->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum rpc_outcome run_list(struct rpc *rpc)
{
    struct names names = {0};
    rpc_each_method(rpc_master(rpc), add_name, &names);
    qsort(names.items, names.count, sizeof *names.items, compare_names);
    xmlrpc_begin_array(rpc_out(rpc));
    for (size_t i = 0; i < names.count; i++) {
        xmlrpc_put_text(rpc_out(rpc), names.items[i]);
        free(names.items[i]);
    }
    xmlrpc_end_array(rpc_out(rpc));
    free(names.items);
    return RPC_DONE;
}

struct search {
    const char *name;
    const struct rpc_method *found;
};

static void compare_name(void *context, const char *space, const struct rpc_method *method)
{
    struct search *search = context;
    size_t length = strlen(space);
    if (strncmp(search->name, space, length) == 0 && search->name[length] == '.' &&
        strcmp(search->name + length + 1, method->name) == 0)
        search->found = method;
}

static const struct rpc_method *find_named(struct rpc *rpc)
{
    struct search search = {.name = rpc_text(rpc, 0)};
    rpc_each_method(rpc_master(rpc), compare_name, &search);
    if (!search.found)
        rpc_fail(rpc, FAULT_SIGNATURE_UNSUPPORTED, NULL);
    return search.found;
}

/* In the form that Supervisor's texts have, which clients parse. */
static enum rpc_outcome run_help(struct rpc *rpc)
{
    const struct rpc_method *method = find_named(rpc);
    if (!method)
        return RPC_DONE;
    struct buf text;
    buf_init(&text, 65536);
    buf_printf(&text, "%s\n\n", method->help);
    for (size_t i = 0; i < RPC_PARAMS_MAX && method->params[i].type; i++)
        buf_printf(&text, "@param %s %s %s\n", method->params[i].type, method->params[i].name,
                   method->params[i].help);
    buf_printf(&text, "@return %s result\n", method->result);
    xmlrpc_put_text(rpc_out(rpc), buf_text(&text));
    buf_finish(&text);
    return RPC_DONE;
}

static enum rpc_outcome run_signature(struct rpc *rpc)
{
    const struct rpc_method *method = find_named(rpc);
    if (!method)
        return RPC_DONE;
    xmlrpc_begin_array(rpc_out(rpc));
    xmlrpc_put_text(rpc_out(rpc), method->result);
    for (size_t i = 0; i < RPC_PARAMS_MAX && method->params[i].type; i++)
        xmlrpc_put_text(rpc_out(rpc), method->params[i].type);
    xmlrpc_end_array(rpc_out(rpc));
    return RPC_DONE;
}

static enum rpc_outcome run_multicall(struct rpc *rpc)
{
    return rpc_multicall(rpc, rpc_param(rpc, 0));
}

#define METHOD_NAME                                                                                \
    {                                                                                              \
        "string", "name", "The name of the method.", false                                         \
    }

const struct rpc_method rpc_system_methods[] = {
    {.name = "listMethods",
     .result = "array",
     .run = run_list,
     .help = "The names of all methods.",
     .while_stopping = true},
    {.name = "methodHelp",
     .result = "string",
     .params = {METHOD_NAME},
     .run = run_help,
     .help = "What a method does.",
     .while_stopping = true},
    {.name = "methodSignature",
     .result = "array",
     .params = {METHOD_NAME},
     .run = run_signature,
     .help = "The types of a method's result and parameters.",
     .while_stopping = true},
    {.name = "multicall",
     .result = "array",
     .params = {{"array", "calls", "Structs with methodName and params.", false}},
     .run = run_multicall,
     .help = "Several calls in turn: an array of their values; of one that fails a struct with "
             "faultCode and faultString.",
     .while_stopping = true},
    {.name = NULL},
};
