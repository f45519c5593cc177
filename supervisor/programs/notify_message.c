/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/notify_message.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static bool is_line(const char *line, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(line, text, length) == 0;
}

/* Cuts between characters; what is no text is not taken. */
static void take_status(const char *text, size_t length, struct notify_message *message)
{
    if (!utf8_is_valid(text, length))
        return;
    if (length >= NOTIFY_STATUS_SIZE)
        length = NOTIFY_STATUS_SIZE - 1;
    while (length > 0 && !utf8_is_valid(text, length))
        length--;
    memcpy(message->status, text, length);
    message->status[length] = '\0';
    for (char *at = message->status; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    message->has_status = true;
}

static void read_line(const char *line, size_t length, struct notify_message *message)
{
    static const char status[] = "STATUS=";
    message->is_ready |= is_line(line, length, "READY=1");
    message->is_stopping |= is_line(line, length, "STOPPING=1");
    message->is_alive |= is_line(line, length, "WATCHDOG=1");
    message->wants_an_end |= is_line(line, length, "WATCHDOG=trigger");
    if (length >= strlen(status) && memcmp(line, status, strlen(status)) == 0)
        take_status(line + strlen(status), length - strlen(status), message);
}

void notify_message_read(const char *bytes, size_t length, struct notify_message *message)
{
    *message = (struct notify_message){.has_status = false};
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t line = end ? (size_t)(end - bytes) : length;
        if (!memchr(bytes, '\0', line))
            read_line(bytes, line, message);
        bytes += line + (end != NULL);
        length -= line + (end != NULL);
    }
}

void notify_message_add(struct notify_message *sum, const struct notify_message *later)
{
    sum->is_ready |= later->is_ready;
    sum->is_stopping |= later->is_stopping;
    sum->is_alive |= later->is_alive;
    sum->wants_an_end |= later->wants_an_end;
    if (!later->has_status)
        return;
    sum->has_status = true;
    memcpy(sum->status, later->status, sizeof sum->status);
}

void notify_message_write(const struct notify_message *message, char text[NOTIFY_TEXT_SIZE])
{
    snprintf(text, NOTIFY_TEXT_SIZE, "%s%s%s%s%s%s", message->is_ready ? "READY=1\n" : "",
             message->is_stopping ? "STOPPING=1\n" : "", message->is_alive ? "WATCHDOG=1\n" : "",
             message->wants_an_end ? "WATCHDOG=trigger\n" : "",
             message->has_status ? "STATUS=" : "", message->has_status ? message->status : "");
}
