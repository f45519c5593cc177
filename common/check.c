/* SPDX-License-Identifier: MIT */
#include "common/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/command.h"
#include "common/endpoint.h"
#include "common/mem.h"

#define HTTP_PORT     80
#define HTTP_TEXT_MAX 2000

static int take_address(const struct endpoint *endpoint, struct check *check, struct err *err)
{
    const char *host = strcmp(endpoint->host, "localhost") == 0 ? "127.0.0.1" : endpoint->host;
    struct sockaddr_in *four = (struct sockaddr_in *)&check->address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&check->address;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)endpoint->port);
        check->address_length = sizeof *four;
        return 0;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)endpoint->port);
        check->address_length = sizeof *six;
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "%.100s is no address in digits; write one, e.g. 127.0.0.1, or localhost", host);
}

/* port: of one that names none; 0: it must. */
static int read_address(const char *text, int port, struct check *check, struct err *err)
{
    struct endpoints endpoints;
    if (endpoints_parse(text, port ? port : HTTP_PORT, &endpoints, err) < 0)
        return -1;
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
    int result;
    if (endpoints.count != 1 || (port == 0 && (!colon || (bracket && colon < bracket))))
        result = err_set(err, ERR_INVALID, "%.100s: write HOST:PORT, e.g. 127.0.0.1:8080", text);
    else
        result = take_address(&endpoints.items[0], check, err);
    endpoints_finish(&endpoints);
    return result;
}

static int read_tcp(const char *text, struct check *check, struct err *err)
{
    check->kind = CHECK_TCP;
    return read_address(text, 0, check, err);
}

static int read_unix(const char *text, struct check *check, struct err *err)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&check->address;
    check->kind = CHECK_UNIX;
    if (text[0] != '/')
        return err_set(err, ERR_INVALID, "unix:%.100s: the path must be absolute", text);
    if (strlen(text) >= sizeof address->sun_path)
        return err_set(err, ERR_INVALID, "the path of a socket has at most %zu bytes",
                       sizeof address->sun_path - 1);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, text, strlen(text) + 1);
    check->address_length = sizeof *address;
    return 0;
}

/* What stands in it goes into a request as it is. */
static int read_http(const char *text, struct check *check, struct err *err)
{
    check->kind = CHECK_HTTP;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '#')
            return err_set(err, ERR_INVALID,
                           "http://%.100s: a space, # or other character that must be written "
                           "with %%",
                           text);
    if (strlen(text) > HTTP_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "http://…: it has more than %d bytes", HTTP_TEXT_MAX);
    size_t length = strcspn(text, "/");
    check->host = mem_strndup(text, length);
    check->target = mem_strdup(text[length] ? text + length : "/");
    return read_address(check->host, HTTP_PORT, check, err);
}

static int read_command(const char *text, struct check *check, struct err *err)
{
    check->kind = CHECK_COMMAND;
    char **words = command_split(text, err);
    if (!words)
        return -1;
    command_free(words);
    check->target = mem_strdup(text);
    return 0;
}

static int read_fd(const char *text, struct check *check, struct err *err)
{
    char *end;
    long number = strtol(text, &end, 10);
    check->kind = CHECK_FD;
    if (end == text || *end || number < CHECK_FD_MIN || number > CHECK_FD_MAX)
        return err_set(err, ERR_INVALID, "fd:%.40s: the number must be %d to %d", text,
                       CHECK_FD_MIN, CHECK_FD_MAX);
    check->fd = (int)number;
    return 0;
}

static const struct {
    const char *prefix;
    bool of_health;
    int (*read)(const char *text, struct check *check, struct err *err);
} prefixes[] = {
    {"fd:", false, read_fd},      {"tcp:", true, read_tcp},         {"unix:", true, read_unix},
    {"http://", true, read_http}, {"command ", true, read_command},
};

static const struct {
    const char *word;
    enum check_kind kind;
} words[] = {{"", CHECK_STARTED},
             {"started", CHECK_STARTED},
             {"notify", CHECK_NOTIFY},
             {"exit", CHECK_EXIT}};

static int unknown(const char *text, bool of_health, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "%.100s is no way to check a program; write %stcp:HOST:PORT, unix:/PATH, "
                   "http://HOST:PORT/PATH or command PROGRAM ARGUMENTS",
                   text, of_health ? "" : "started, notify, exit, fd:N, ");
}

int check_parse(const char *text, bool of_health, struct check *check, struct err *err)
{
    *check = (struct check){.kind = CHECK_STARTED, .fd = -1};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].word) != 0 || (of_health && words[i].word[0]))
            continue;
        check->kind = words[i].kind;
        return 0;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t length = strlen(prefixes[i].prefix);
        if (strncmp(text, prefixes[i].prefix, length) != 0 || (of_health && !prefixes[i].of_health))
            continue;
        int result = prefixes[i].read(text + length, check, err);
        if (result < 0)
            check_finish(check);
        return result;
    }
    return unknown(text, of_health, err);
}

void check_finish(struct check *check)
{
    free(check->host);
    free(check->target);
    *check = (struct check){.kind = CHECK_STARTED, .fd = -1};
}
