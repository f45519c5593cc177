/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/payload.h"

#include <string.h>

#include "common/buf.h"
#include "common/utf8.h"
#include "supervisor/programs/event_bus.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/watch.h"

#define PAYLOAD_MAX                                                                                \
    (256u << 20) /* bytes that are captured, and four for each that is not UTF-8                   \
                  */

static const enum event_type state_events[PROCESS_STATE_COUNT] = {
    [PROCESS_STOPPED] = EVENT_PROCESS_STATE_STOPPED,
    [PROCESS_STARTING] = EVENT_PROCESS_STATE_STARTING,
    [PROCESS_RUNNING] = EVENT_PROCESS_STATE_RUNNING,
    [PROCESS_BACKOFF] = EVENT_PROCESS_STATE_BACKOFF,
    [PROCESS_STOPPING] = EVENT_PROCESS_STATE_STOPPING,
    [PROCESS_EXITED] = EVENT_PROCESS_STATE_EXITED,
    [PROCESS_FATAL] = EVENT_PROCESS_STATE_FATAL,
    [PROCESS_UNKNOWN] = EVENT_PROCESS_STATE_UNKNOWN,
};

/* What is told beside names and the state before. */
static void put_extra(const struct program *program, enum process_state before, struct buf *out)
{
    int pid = lifecycle_has_process(before) ? (int)program->child.pid : 0;
    switch (program->state) {
    case PROCESS_STARTING:
    case PROCESS_BACKOFF:
        buf_printf(out, " tries:%u", program->failures);
        break;
    case PROCESS_EXITED:
        buf_printf(out, " expected:%d pid:%d", program->ended_well, pid);
        break;
    case PROCESS_RUNNING:
    case PROCESS_STOPPING:
    case PROCESS_STOPPED:
        buf_printf(out, " pid:%d", pid);
        break;
    default:
        break;
    }
    const char *word = watch_word(program);
    if (word && (program->state == PROCESS_EXITED || program->state == PROCESS_BACKOFF))
        buf_printf(out, " reason:%s", word);
}

void payload_notify_state(const struct program *program, enum process_state before)
{
    struct event_bus *bus = &program->host->bus;
    enum event_type type = state_events[program->state];
    if (!event_wanted(bus, type))
        return;
    struct buf payload;
    buf_init(&payload, PAYLOAD_MAX);
    buf_printf(&payload, "processname:%s groupname:%s from_state:%s", program->process->name,
               program_group_name(program->group), lifecycle_name(before));
    put_extra(program, before, &payload);
    event_notify(bus, &(struct event){type, buf_text(&payload), payload.length});
    buf_finish(&payload);
}

/* As Python's repr() of bytes. */
static void put_bytes(struct buf *out, const char *bytes, size_t length)
{
    bool has_single = memchr(bytes, '\'', length), has_double = memchr(bytes, '"', length);
    char quote = has_single && !has_double ? '"' : '\'';
    buf_printf(out, "b%c", quote);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\n')
            buf_text_append(out, "\\n");
        else if (c == '\r')
            buf_text_append(out, "\\r");
        else if (c == '\t')
            buf_text_append(out, "\\t");
        else if (c == (unsigned char)quote || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_append(out, &bytes[i], 1);
    }
    buf_append(out, &quote, 1);
}

void payload_notify_output(const struct program *program, enum event_type type, const char *channel,
                           const char *bytes, size_t length)
{
    struct buf payload;
    buf_init(&payload, PAYLOAD_MAX);
    buf_printf(&payload, "processname:%s groupname:%s pid:%d%s%s\n", program->process->name,
               program_group_name(program->group), (int)program->child.pid,
               channel ? " channel:" : "", channel ? channel : "");
    if (utf8_is_valid(bytes, length)) {
        buf_append(&payload, bytes, length);
    } else {
        buf_text_append(&payload, "Undecodable: ");
        put_bytes(&payload, bytes, length);
    }
    event_notify(&program->host->bus, &(struct event){type, buf_text(&payload), payload.length});
    buf_finish(&payload);
}
