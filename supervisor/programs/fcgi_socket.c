/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/fcgi_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/users.h"

#define UNIX_PREFIX "unix://"
#define TCP_PREFIX  "tcp://"

struct fcgi_socket {
    char *url;
    int fd; /* -1: closed */
    unsigned holders;
    int backlog;
    struct sockaddr_storage address;
    socklen_t address_length;

    /* of a unix socket */
    mode_t mode;
    uid_t uid; /* -1: as it is made */
    gid_t gid;
};

static bool is_unix(const struct fcgi_socket *socket)
{
    return socket->address.ss_family == AF_UNIX;
}

static const char *path_of(const struct fcgi_socket *socket)
{
    return ((const struct sockaddr_un *)&socket->address)->sun_path;
}

/* Addresses */

static int find_unix(struct fcgi_socket *socket, struct err *err)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&socket->address;
    const char *path = socket->url + strlen(UNIX_PREFIX);
    if (strlen(path) >= sizeof address->sun_path)
        return err_set(err, ERR_INVALID, "the path is longer than %zu bytes",
                       sizeof address->sun_path - 1);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    socket->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return 0;
}

static int find_tcp(struct fcgi_socket *socket, struct err *err)
{
    const struct addrinfo hints = {
        .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    const char *host = socket->url + strlen(TCP_PREFIX), *colon = strchr(host, ':');
    char *name = mem_strndup(host, (size_t)(colon - host));
    int status = getaddrinfo(name, colon + 1, &hints, &found);
    free(name);
    if (status != 0)
        return err_set(err, ERR_INVALID, "%s", gai_strerror(status));
    memcpy(&socket->address, found->ai_addr, found->ai_addrlen);
    socket->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* Without an owner it is that of the program. */
static int find_owner(struct fcgi_socket *socket, const struct group_settings *settings,
                      struct err *err)
{
    const char *user = settings->programs[0].settings->user;
    socket->uid = (uid_t)-1;
    socket->gid = (gid_t)-1;
    if (settings->socket_owner[0])
        return owner_find(settings->socket_owner, &socket->uid, &socket->gid, err);
    if (user[0] && user_find(user, &socket->uid, &socket->gid, err) < 0)
        return -1;
    if (socket->uid == getuid()) {
        socket->uid = (uid_t)-1;
        socket->gid = (gid_t)-1;
    }
    return 0;
}

/* Opening */

/* Between bind and chmod the socket has the mode that the umask leaves; nobody can connect before
 * listen. */
static int prepare_unix(const struct fcgi_socket *socket)
{
    if (socket->uid != (uid_t)-1 && chown(path_of(socket), socket->uid, socket->gid) < 0)
        return -1;
    return chmod(path_of(socket), socket->mode);
}

static int bind_and_listen(struct fcgi_socket *socket)
{
    const int on = 1;
    if (is_unix(socket))
        unlink(path_of(socket));
    else
        setsockopt(socket->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(socket->fd, (const struct sockaddr *)&socket->address, socket->address_length) < 0)
        return -1;
    if (is_unix(socket) && prepare_unix(socket) < 0)
        return -1;
    return listen(socket->fd, socket->backlog);
}

static int open_socket(struct fcgi_socket *opened, struct err *err)
{
    log_write(LOG_INFO, "Creating socket %s", opened->url);
    opened->fd = socket(opened->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (opened->fd >= 0 && bind_and_listen(opened) == 0)
        return 0;
    int cause = errno;
    fd_close(&opened->fd);
    return err_errno(err, cause, "Could not create FastCGI socket %s", opened->url);
}

static void close_socket(struct fcgi_socket *socket)
{
    log_write(LOG_INFO, "Closing socket %s", socket->url);
    fd_close(&socket->fd);
}

int fcgi_socket_hold(struct fcgi_socket *socket, struct err *err)
{
    if (socket->fd < 0 && open_socket(socket, err) < 0)
        return -1;
    socket->holders++;
    return 0;
}

void fcgi_socket_release(struct fcgi_socket *socket)
{
    if (--socket->holders == 0)
        close_socket(socket);
}

int fcgi_socket_fd(const struct fcgi_socket *socket)
{
    return socket->fd;
}

static int find_address(struct fcgi_socket *socket, const struct group_settings *settings,
                        struct err *err)
{
    bool wants_unix = strncmp(socket->url, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;
    int result = wants_unix ? find_unix(socket, err) : find_tcp(socket, err);
    if (result == 0 && wants_unix)
        result = find_owner(socket, settings, err);
    return result < 0 ? err_prefix(err, "Could not create FastCGI socket %s", socket->url) : 0;
}

struct fcgi_socket *fcgi_socket_resume(const struct group_settings *settings, struct err *err)
{
    struct fcgi_socket *socket = mem_new(1, sizeof *socket);
    *socket = (struct fcgi_socket){
        .url = mem_strdup(settings->socket),
        .fd = -1,
        .mode = (mode_t)settings->socket_mode,
        .backlog = settings->socket_backlog ? (int)settings->socket_backlog : SOMAXCONN,
    };
    if (find_address(socket, settings, err) == 0)
        return socket;
    fcgi_socket_destroy(socket);
    return NULL;
}

void fcgi_socket_take(struct fcgi_socket *socket, int fd)
{
    socket->fd = fd;
}

struct fcgi_socket *fcgi_socket_create(const struct group_settings *settings, struct err *err)
{
    struct fcgi_socket *socket = fcgi_socket_resume(settings, err);
    if (!socket)
        return NULL;
    if (open_socket(socket, err) == 0) {
        close_socket(socket);
        return socket;
    }
    fcgi_socket_destroy(socket);
    return NULL;
}

void fcgi_socket_destroy(struct fcgi_socket *socket)
{
    if (!socket)
        return;
    fd_close(&socket->fd);
    free(socket->url);
    free(socket);
}
