/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/listener_protocol.h"

#include <stdlib.h>
#include <string.h>

#define READY_LINE     "READY\n"
#define RESULT_START   "RESULT "
#define LINE_MAX_BYTES 64 /* of a result's line */
#define SAID_MAX       (LISTENER_RESULT_MAX + 4096)

const char *listener_state_name(enum listener_state state)
{
    static const char *const names[] = {"ACKNOWLEDGED", "READY", "BUSY", "UNKNOWN"};
    return names[state];
}

void listener_protocol_init(struct listener_protocol *protocol)
{
    *protocol = (struct listener_protocol){.state = LISTENER_ACKNOWLEDGED};
    buf_init(&protocol->said, SAID_MAX);
}

void listener_protocol_finish(struct listener_protocol *protocol)
{
    buf_finish(&protocol->said);
}

static enum listener_news break_rules(struct listener_protocol *protocol)
{
    protocol->state = LISTENER_UNKNOWN;
    buf_clear(&protocol->said);
    return LISTENER_BREAKS_RULES;
}

void listener_protocol_hear(struct listener_protocol *protocol, const char *bytes, size_t length)
{
    if (protocol->state == LISTENER_UNKNOWN)
        return;
    /* More than fits is more than the rules allow: what is there will be found wrong. */
    size_t room = SAID_MAX - protocol->said.length;
    buf_append(&protocol->said, bytes, length < room ? length : room);
}

static enum listener_news await_ready(struct listener_protocol *protocol)
{
    size_t length = strlen(READY_LINE);
    if (protocol->said.length < length)
        return LISTENER_SAYS_NOTHING;
    if (memcmp(buf_text(&protocol->said), READY_LINE, length) != 0)
        return break_rules(protocol);
    buf_consume(&protocol->said, length);
    protocol->state = LISTENER_READY;
    return LISTENER_GETS_READY;
}

/* Reads "RESULT n\n". Returns 1, or 0 where it has not come whole, or -1 where it is none. */
static int read_result_line(struct listener_protocol *protocol)
{
    const char *line = buf_text(&protocol->said);
    const char *newline = memchr(line, '\n', protocol->said.length);
    size_t start = strlen(RESULT_START);
    if (!newline)
        return protocol->said.length > LINE_MAX_BYTES ? -1 : 0;
    size_t length = (size_t)(newline - line);
    size_t digits = length > start ? strspn(line + start, "0123456789") : 0;
    if (digits == 0 || digits > 9 || start + digits != length ||
        memcmp(line, RESULT_START, start) != 0)
        return -1;
    protocol->result_length = strtoul(line + start, NULL, 10);
    if (protocol->result_length > LISTENER_RESULT_MAX)
        return -1;
    buf_consume(&protocol->said, length + 1);
    protocol->has_result_length = 1;
    return 1;
}

static enum listener_news await_result(struct listener_protocol *protocol)
{
    int found = protocol->has_result_length ? 1 : read_result_line(protocol);
    if (found < 0)
        return break_rules(protocol);
    if (found == 0 || protocol->said.length < protocol->result_length)
        return LISTENER_SAYS_NOTHING;
    int is_ok = protocol->result_length == 2 && memcmp(buf_text(&protocol->said), "OK", 2) == 0;
    buf_consume(&protocol->said, protocol->result_length);
    protocol->has_result_length = 0;
    protocol->state = LISTENER_ACKNOWLEDGED;
    return is_ok ? LISTENER_TAKES_EVENT : LISTENER_REJECTS_EVENT;
}

enum listener_news listener_protocol_news(struct listener_protocol *protocol)
{
    if (protocol->said.length == 0 && !protocol->has_result_length)
        return LISTENER_SAYS_NOTHING;
    switch (protocol->state) {
    case LISTENER_ACKNOWLEDGED:
        return await_ready(protocol);
    case LISTENER_BUSY:
        return await_result(protocol);
    case LISTENER_READY: /* nobody has asked it anything */
        return break_rules(protocol);
    default:
        return LISTENER_SAYS_NOTHING;
    }
}

void listener_protocol_sent(struct listener_protocol *protocol)
{
    protocol->state = LISTENER_BUSY;
    protocol->has_result_length = 0;
}
