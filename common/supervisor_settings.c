/* SPDX-License-Identifier: MIT */
#include "common/supervisor_settings.h"

#include <stdlib.h>

static void server_finish(struct http_server_settings *server)
{
    free(server->name);
    free(server->file);
    free(server->chown);
    free(server->address);
    free(server->host);
    free(server->username);
    free(server->password);
    free(server->reader);
    free(server->reader_password);
    free(server->token);
}

void supervisor_settings_finish(struct supervisor_settings *supervisor)
{
    keys_finish(&settings_supervisord_table, &supervisor->daemon);
    keys_finish(&settings_supervisorctl_table, &supervisor->ctl);
    for (size_t i = 0; i < supervisor->server_count; i++)
        server_finish(&supervisor->servers[i]);
    free(supervisor->servers);
    for (size_t i = 0; i < supervisor->rpcinterface_count; i++) {
        free(supervisor->rpcinterfaces[i].name);
        free(supervisor->rpcinterfaces[i].factory);
    }
    free(supervisor->rpcinterfaces);
    for (size_t i = 0; i < supervisor->group_count; i++)
        group_settings_release(supervisor->groups[i]);
    free(supervisor->groups);
}
