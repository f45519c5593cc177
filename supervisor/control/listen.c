/* SPDX-License-Identifier: MIT */
#include "supervisor/control/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/users.h"
#include "supervisor/control_address.h"

#define BACKLOG 128

/* Unix sockets */

static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
                   (errno == ECONNREFUSED || errno == ENOENT);
    fd_close(&fd);
    return !refused;
}

/* Anything but a socket is not ours to remove; bind will say so. */
static int remove_old(const struct sockaddr_un *address, struct err *err)
{
    struct stat status;
    const char *path = address->sun_path;
    if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return 0;
    if (somebody_listens(address))
        return err_set(err, ERR_CONFLICT, "another process listens at %s", path);
    return unlink(path) == 0 ? 0 : err_errno(err, errno, "cannot remove the old socket %s", path);
}

/* Nobody can connect before listen. */
static int set_owner(const struct http_server_settings *settings, struct err *err)
{
    uid_t user;
    gid_t group;
    if (settings->chown[0] && (owner_find(settings->chown, &user, &group, err) < 0 ||
                               chown(settings->file, user, group) < 0))
        return err_errno(err, errno, "cannot give the socket %s to %s", settings->file,
                         settings->chown);
    if (chmod(settings->file, (mode_t)settings->chmod) < 0)
        return err_errno(err, errno, "cannot set the mode of the socket %s", settings->file);
    return 0;
}

static int bind_unix(int fd, const struct http_server_settings *settings, struct err *err)
{
    struct sockaddr_un address;
    if (control_address(&address, settings->file, err) < 0 || remove_old(&address, err) < 0)
        return -1;
    mode_t mask = umask(0177);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (result < 0)
        return err_errno(err, errno, "cannot make the socket %s", settings->file);
    return set_owner(settings, err);
}

static int open_unix(const struct http_server_settings *settings, struct err *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, errno, "cannot make a socket");
    if (bind_unix(fd, settings, err) < 0)
        fd_close(&fd);
    return fd;
}

/* TCP */

static int bind_to(const struct addrinfo *place)
{
    int yes = 1;
    int fd = socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, place->ai_addr, place->ai_addrlen) < 0) {
        int cause = errno;
        fd_close(&fd);
        errno = cause;
    }
    return fd;
}

static int open_inet(const struct http_server_settings *settings, struct err *err)
{
    char port[8];
    snprintf(port, sizeof port, "%d", (int)settings->port);
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_family = settings->host[0] ? AF_UNSPEC : AF_INET,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *places;
    int failure = getaddrinfo(settings->host[0] ? settings->host : NULL, port, &hints, &places);
    if (failure != 0)
        return err_set(err, ERR_INVALID, "%s: %s", settings->address, gai_strerror(failure));
    int fd = -1;
    for (struct addrinfo *place = places; place && fd < 0; place = place->ai_next)
        fd = bind_to(place);
    if (fd < 0)
        err_errno(err, errno, "cannot listen at %s", settings->address);
    freeaddrinfo(places);
    return fd;
}

int listen_open(const struct http_server_settings *settings, struct err *err)
{
    int fd = settings->is_unix ? open_unix(settings, err) : open_inet(settings, err);
    if (fd >= 0 && listen(fd, BACKLOG) < 0) {
        err_errno(err, errno, "cannot listen");
        fd_close(&fd);
    }
    if (fd < 0)
        err_prefix(err, "[%s_http_server]", settings->is_unix ? "unix" : "inet");
    return fd;
}

void listen_adapt(const struct http_server_settings *settings)
{
    struct err err = ERR_INIT;
    if (settings->is_unix && set_owner(settings, &err) < 0)
        log_write(LOG_WARN, "reload: %s", err.text);
}
