/* SPDX-License-Identifier: MIT */
#include "supervisor/control/rpc_method.h"

#include "common/json.h"
#include "supervisor/master.h"

static cJSON *to_json(const struct xmlrpc_value *value)
{
    switch (value->kind) {
    case XMLRPC_STRING:
        return cJSON_CreateString(value->text);
    case XMLRPC_BOOLEAN:
        return cJSON_CreateBool(value->integer != 0);
    case XMLRPC_INTEGER:
        return cJSON_CreateNumber((double)value->integer);
    default:
        return cJSON_CreateNull(); /* no method that acts takes anything else */
    }
}

void rpc_audit(struct master *master, const struct rpc_caller *caller, const char *method,
               const struct xmlrpc_value *params, enum fault fault)
{
    cJSON *order = cJSON_CreateArray();
    for (const struct xmlrpc_value *value = params ? params->first : NULL; value;
         value = value->next)
        cJSON_AddItemToArray(order, to_json(value));
    const struct audit_entry entry = {.via = "xmlrpc",
                                      .uid = caller->uid,
                                      .user = caller->user,
                                      .action = method,
                                      .order = order,
                                      .failure = fault == FAULT_SUCCESS ? NULL : fault_name(fault)};
    audit_write(&master->audit, &entry);
    cJSON_Delete(order);
}
