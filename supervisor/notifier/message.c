/* SPDX-License-Identifier: MIT */
#include "supervisor/notifier/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const char *text_of(const struct message *message, const char *name)
{
    return json_get_string(message->event, name, "");
}

static uint32_t severity_bit(const char *name)
{
    static const char *const names[] = {"error", "warning", "info"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return UINT32_C(1) << i;
    return 0;
}

int message_read(struct message *message, const char *line, size_t length, struct err *err)
{
    *message = (struct message){.event = json_parse(line, length, err)};
    if (!message->event)
        return -1;
    message->json = mem_strndup(line, length);
    message->severity = severity_bit(text_of(message, "severity"));
    if (message->severity != 0)
        return 0;
    return err_set(err, ERR_INVALID, "an event has no severity");
}

void message_finish(struct message *message)
{
    cJSON_Delete(message->event);
    free(message->json);
    *message = (struct message){0};
}

/* "RESOLVED", or its severity. */
static int put_label(const struct message *message, struct buf *out)
{
    bool is_over = strcmp(text_of(message, "state"), "resolved") == 0;
    const char *label = is_over ? "resolved" : text_of(message, "severity");
    int result = 0;
    for (; *label; label++)
        result |= buf_printf(out, "%c", toupper((unsigned char)*label));
    return result;
}

int message_text(const struct message *message, struct buf *out)
{
    int result = buf_text_append(out, "[");
    result |= put_label(message, out);
    return result |
           buf_printf(out, "] %s (%s)", text_of(message, "message"), text_of(message, "host"));
}

int message_slack(const struct message *message, struct buf *out)
{
    struct buf text;
    buf_init(&text, MESSAGE_MAX);
    int result = message_text(message, &text);
    result |= buf_text_append(out, "{\"text\":");
    result |= json_string_append(out, buf_text(&text), text.length);
    result |= buf_text_append(out, "}");
    buf_finish(&text);
    return result;
}

/* A header is one line of ASCII: what is neither becomes a question mark. */
static int put_header(struct buf *out, const char *name, const char *value)
{
    int result = buf_printf(out, "%s: ", name);
    for (; *value; value++)
        result |= buf_printf(out, "%c", *value >= ' ' && *value < 0x7f ? *value : '?');
    return result | buf_text_append(out, "\n");
}

static int put_value(struct buf *out, const struct message *message, const char *name)
{
    char *value = cJSON_PrintUnformatted(json_get(message->event, name));
    int result = value ? buf_printf(out, "%s: %s\n", name, value) : 0;
    cJSON_free(value);
    return result;
}

int message_mail(const struct message *message, const struct notify_settings *settings,
                 struct buf *out)
{
    static const char *const values[] = {"type",      "severity", "state",      "value",
                                         "threshold", "queue",    "connection", "host"};
    struct buf text;
    buf_init(&text, MESSAGE_MAX);
    int result = message_text(message, &text);
    if (settings->from[0])
        result |= put_header(out, "From", settings->from);
    result |= put_header(out, "To", settings->to);
    result |= put_header(out, "Subject", buf_text(&text));
    result |= buf_text_append(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                                   "Content-Type: text/plain; charset=utf-8\n\n");
    result |= buf_printf(out, "%s\n\n", text_of(message, "message"));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        result |= put_value(out, message, values[i]);
    buf_finish(&text);
    return result;
}
