/* SPDX-License-Identifier: MIT */
#include "common/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define SEPARATORS ", \t\n"

/* A part of the text, and what is read of it. */
struct word {
    const char *text;
    size_t length;
};

static int refuse(const struct word *word, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is not an address; write host, host:port or "
                   "[IPv6]:port",
                   (int)(word->length < 80 ? word->length : 80), word->text);
}

/* The number of a port; -1 where it is none. */
static int read_port(const char *digits, size_t length)
{
    int port = 0;
    if (length == 0 || length > 5)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        port = port * 10 + (digits[i] - '0');
    }
    return port >= 1 && port <= 65535 ? port : -1;
}

/* Splits a word into the host and what follows it. */
static struct word host_of(const struct word *word, struct word *rest)
{
    struct word host = *word;
    if (word->length > 0 && word->text[0] == '[') {
        const char *end = memchr(word->text, ']', word->length);
        host.text = word->text + 1;
        host.length = end ? (size_t)(end - host.text) : 0;
        rest->text = end ? end + 1 : word->text;
    } else {
        const char *colon = memchr(word->text, ':', word->length);
        host.length = colon ? (size_t)(colon - word->text) : word->length;
        rest->text = word->text + host.length;
    }
    rest->length = word->length - (size_t)(rest->text - word->text);
    return host;
}

static int read_endpoint(const struct word *word, int port, struct endpoint *out, struct err *err)
{
    struct word rest;
    struct word host = host_of(word, &rest);
    if (rest.length > 0)
        port = rest.text[0] == ':' ? read_port(rest.text + 1, rest.length - 1) : -1;
    if (host.length == 0 || host.length > ENDPOINT_HOST_MAX || port < 0)
        return refuse(word, err);
    *out = (struct endpoint){.host = mem_strndup(host.text, host.length), .port = port};
    return 0;
}

int endpoints_parse(const char *text, int port, struct endpoints *endpoints, struct err *err)
{
    *endpoints = (struct endpoints){0};
    for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
        struct word word = {.text = text, .length = strcspn(text, SEPARATORS)};
        struct endpoint endpoint;
        int result = endpoints->count < ENDPOINTS_MAX
                         ? read_endpoint(&word, port, &endpoint, err)
                         : err_set(err, ERR_LIMIT, "more than %d addresses", ENDPOINTS_MAX);
        if (result < 0) {
            endpoints_finish(endpoints);
            return -1;
        }
        endpoints->items =
            mem_resize(endpoints->items, endpoints->count + 1, sizeof *endpoints->items);
        endpoints->items[endpoints->count++] = endpoint;
        text += word.length;
    }
    return 0;
}

void endpoints_finish(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++)
        free(endpoints->items[i].host);
    free(endpoints->items);
    *endpoints = (struct endpoints){0};
}
