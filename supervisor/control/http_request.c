/* SPDX-License-Identifier: MIT */

/* What was asked. */
#include "supervisor/control/http_request.h"

#include <sys/socket.h>

#include "common/mem.h"

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_query(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const struct buf *http_body(const struct http_request *request)
{
    return &request->body;
}

int http_credentials(const struct http_request *request, char **user, char **password)
{
    char *its_user, *its_password = NULL;
    its_user = MHD_basic_auth_get_username_password(request->connection, &its_password);
    if (!its_user)
        return -1;
    *user = mem_strdup(its_user);
    *password = mem_strdup(its_password);
    MHD_free(its_user);
    MHD_free(its_password);
    return 0;
}

long http_peer_uid(const struct http_request *request)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(request->hangup.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        peer.uid == (uid_t)-1)
        return -1;
    return (long)peer.uid;
}
