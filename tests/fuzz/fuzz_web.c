/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/json.h"
#include "tests/fuzz/fuzz_master.h"

#define TEXT_MAX  (1u << 20)
#define TURNS_MAX 6 /* of the loop without a byte: then it is a stream, or waits for a time */

/* "METHOD PATH HTTP/1.1" and headers, a line each, an empty line, and a body, as a request: with
 * its length, and with the token where it says nothing of who asks. */
static void put_request(struct buf *out, const char *text, size_t length)
{
    const char *gap = memmem(text, length, "\n\n", 2);
    size_t head = gap ? (size_t)(gap - text) : length;
    size_t body = gap ? length - head - 2 : 0;
    for (size_t i = 0; i < head; i++)
        buf_append(out, text[i] == '\n' ? "\r\n" : text + i, text[i] == '\n' ? 2 : 1);
    if (!memmem(text, head, "Authorization", 13))
        buf_text_append(out, "\r\nAuthorization: Bearer " FUZZ_TOKEN);
    buf_printf(out, "\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", body);
    buf_append(out, text + length - body, body);
}

static int open_connection(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fuzz_master_socket());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_ASSERT(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void read_answer(struct ev_loop *loop, int fd, struct buf *answer)
{
    static char room[65536];
    ssize_t got = -1;
    for (int turns = 0; turns < TURNS_MAX && got != 0; turns++) {
        ev_run(loop, EVRUN_NOWAIT);
        got = recv(fd, room, sizeof room, MSG_DONTWAIT);
        if (got > 0 && buf_append(answer, room, (size_t)got) == 0)
            turns = -1;
    }
}

/* The body that the headers announce. NULL where it is not there whole. */
static const char *find_body(const char *text, size_t length, size_t *body_length)
{
    const char *end = strstr(text, "\r\n\r\n"), *announced = strstr(text, "Content-Length: ");
    if (!end || !announced || announced > end)
        return NULL;
    *body_length = strtoul(announced + strlen("Content-Length: "), NULL, 10);
    return *body_length <= length - (size_t)(end + 4 - text) ? end + 4 : NULL;
}

/* An answer has a status, and what is said to be JSON is. Others may follow it: what looks like two
 * requests is two. */
static void check_answer(const char *text, size_t length)
{
    int status;
    size_t body_length;
    if (length == 0)
        return;
    FUZZ_ASSERT(sscanf(text, "HTTP/1.%*d %d", &status) == 1 && status >= 100 && status < 600);
    const char *body = find_body(text, length, &body_length), *type = strstr(text, "json\r\n");
    if (!body || body_length == 0 || !type || type > body)
        return;
    cJSON *tree = json_parse(body, body_length, NULL);
    FUZZ_ASSERT(tree);
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct master *master = fuzz_master();
    struct buf request, answer;
    buf_init(&request, TEXT_MAX);
    buf_init(&answer, TEXT_MAX);
    put_request(&request, (const char *)data, size);
    int fd = open_connection();
    send(fd, buf_text(&request), request.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    read_answer(master->loop, fd, &answer);
    close(fd);
    ev_run(master->loop, EVRUN_NOWAIT);
    if (size < 4 || memcmp(data, "HEAD", 4) != 0)
        check_answer(buf_text(&answer), answer.length);
    buf_finish(&request);
    buf_finish(&answer);
    return 0;
}
