/* SPDX-License-Identifier: MIT */
#include "common/socket_list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define TCP_PREFIX   "tcp://"
#define SEPARATORS   " \t\n,"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define PORT_DIGITS  5
#define PORT_MAX     65535

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int parse_unix(struct socket_item *item)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&item->address;
    const char *path = item->url + strlen(SOCKET_UNIX_PREFIX);
    if (path[0] != '/' || strlen(path) >= sizeof address->sun_path)
        return -1;
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    item->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return 0;
}

static int parse_port(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > PORT_DIGITS || strspn(text, "0123456789") != length)
        return -1;
    int port = atoi(text);
    return port >= 1 && port <= PORT_MAX ? port : -1;
}

static int put_ipv6(struct socket_item *item, const char *host, int port)
{
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&item->address;
    address->sin6_family = AF_INET6;
    address->sin6_port = htons((uint16_t)port);
    item->address_length = sizeof *address;
    return inet_pton(AF_INET6, host, &address->sin6_addr) == 1 ? 0 : -1;
}

static int put_ipv4(struct socket_item *item, const char *host, int port)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&item->address;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1"
                         : strcmp(host, "*") == 0       ? "0.0.0.0"
                                                        : host;
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    item->address_length = sizeof *address;
    return inet_pton(AF_INET, number, &address->sin_addr) == 1 ? 0 : -1;
}

static int parse_tcp(struct socket_item *item)
{
    char host[SOCKET_URL_MAX];
    snprintf(host, sizeof host, "%s", item->url + strlen(TCP_PREFIX));
    char *colon = strrchr(host, ':');
    int port = colon ? parse_port(colon + 1) : -1;
    if (port < 0)
        return -1;
    *colon = '\0';
    size_t length = strlen(host);
    if (host[0] != '[')
        return put_ipv4(item, host, port);
    if (host[length - 1] != ']')
        return -1;
    host[length - 1] = '\0';
    return put_ipv6(item, host + 1, port);
}

static int parse_url(struct socket_item *item)
{
    if (begins(item->url, SOCKET_UNIX_PREFIX))
        return parse_unix(item);
    if (begins(item->url, TCP_PREFIX))
        return parse_tcp(item);
    const char *name = item->url + strlen(SOCKET_SYSTEMD_PREFIX);
    return begins(item->url, SOCKET_SYSTEMD_PREFIX) && name[0] &&
                   strspn(name, NAME_LETTERS) == strlen(name)
               ? 0
               : -1;
}

static int parse_item(const char *text, size_t length, struct socket_item *item, struct err *err)
{
    size_t name = strspn(text, NAME_LETTERS);
    bool has_name = name > 0 && name < length && text[name] == '=';
    size_t skipped = has_name ? name + 1 : 0;
    *item = (struct socket_item){.url = ""};
    if (name < sizeof item->name && length - skipped < sizeof item->url) {
        memcpy(item->name, text, has_name ? name : 0);
        memcpy(item->url, text + skipped, length - skipped);
        if (parse_url(item) == 0)
            return 0;
    }
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is no socket; write tcp://127.0.0.1:PORT, tcp://[::1]:PORT, "
                   "unix:///PATH or systemd://NAME, with NAME= before it or not",
                   (int)(length < 100 ? length : 100), text);
}

int socket_list_parse(const char *text, struct socket_list *list, struct err *err)
{
    list->count = 0;
    for (const char *at = text + strspn(text, SEPARATORS); *at; at += strspn(at, SEPARATORS)) {
        size_t length = strcspn(at, SEPARATORS);
        if (list->count == SOCKETS_MAX)
            return err_set(err, ERR_LIMIT, "there are more than %d sockets", SOCKETS_MAX);
        if (parse_item(at, length, &list->items[list->count], err) < 0)
            return -1;
        list->count++;
        at += length;
    }
    return 0;
}
