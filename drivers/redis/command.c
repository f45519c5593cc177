/* SPDX-License-Identifier: MIT */
#include "drivers/redis/command.h"

#include <string.h>

#define KEPT_BYTES (1u << 20)

void redis_command_init(struct command *command)
{
    *command = (struct command){0};
    buf_init(&command->bytes, COMMAND_BYTES_MAX);
}

void redis_command_finish(struct command *command)
{
    buf_finish(&command->bytes);
}

void redis_command_clear(struct command *command)
{
    buf_clear(&command->bytes);
    buf_trim(&command->bytes, KEPT_BYTES);
    command->count = 0;
    command->is_cut = false;
}

/* The digits of a number, at the end of a buffer; returns where they begin. */
static char *digits_of(uint64_t number, char *end)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

void redis_command_add(struct command *command, const void *bytes, size_t length)
{
    char head[24], *end = head + sizeof head;
    *--end = '\n';
    *--end = '\r';
    char *start = digits_of(length, end);
    *--start = '$';
    size_t head_length = (size_t)(head + sizeof head - start);
    char *room =
        length <= COMMAND_BYTES_MAX ? buf_reserve(&command->bytes, head_length + length + 2) : NULL;
    if (!room) {
        command->is_cut = true;
        return;
    }
    memcpy(room, start, head_length);
    if (length > 0)
        memcpy(room + head_length, bytes, length);
    memcpy(room + head_length + length, "\r\n", 2);
    buf_grew(&command->bytes, head_length + length + 2);
    command->count++;
}

void redis_command_text(struct command *command, const char *text)
{
    redis_command_add(command, text ? text : "", text ? strlen(text) : 0);
}

void redis_command_number(struct command *command, int64_t number)
{
    char text[24], *end = text + sizeof text;
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char *start = digits_of(size, end);
    if (number < 0)
        *--start = '-';
    redis_command_add(command, start, (size_t)(end - start));
}
