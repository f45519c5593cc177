/* SPDX-License-Identifier: MIT */
#include "cli/work_options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

/* Quotes for shlex: within '…' everything is itself, and a ' is written '"'"'. */
static void append_quoted(struct buf *out, const char *word)
{
    buf_text_append(out, "'");
    for (; *word; word++) {
        if (*word == '\'')
            buf_text_append(out, "'\"'\"'");
        else
            buf_append(out, word, 1);
    }
    buf_text_append(out, "'");
}

char *work_join_command(char *const *words, int count)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 4);
    for (int i = 0; i < count; i++) {
        buf_text_append(&out, i > 0 ? " " : "");
        append_quoted(&out, words[i]);
    }
    return buf_steal(&out);
}

static int set(struct queue_settings *queue, const char *key, const char *text, struct err *err)
{
    return keys_set(&settings_queue_table, queue, key, text, err);
}

static int apply_options(const struct options *options, struct queue_settings *queue,
                         struct err *err)
{
    for (size_t i = 0; i < options->slot_count; i++) {
        const struct option_slot *slot = &options->slots[i];
        if (slot->given && slot->option->kind == OPTION_KEY &&
            set(queue, slot->option->key, slot->text, err) < 0)
            return -1;
    }
    return 0;
}

static int apply_command(const struct options *options, struct queue_settings *queue,
                         struct err *err)
{
    if (options->argument_count == 0)
        return 0;
    char *command = work_join_command(options->arguments, options->argument_count);
    int result = set(queue, "command", command, err);
    free(command);
    return result;
}

int work_queue_settings(struct context *context, struct queue_settings *queue, struct err *err)
{
    memset(queue, 0, sizeof *queue);
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    settings_queue_or_default(settings, context_queue(context), queue);
    if (apply_options(&context->options, queue, err) < 0 ||
        apply_command(&context->options, queue, err) < 0)
        return -1;
    if (*queue->command)
        return 0;
    return err_set(
        err, ERR_INVALID,
        "nothing is known to run the jobs of queue %s with: give `command = …` in [queue:%s] of "
        "%s, or the command behind -- (muster %s --queue=%s -- php worker.php)",
        queue->name, queue->name, *settings->file ? settings->file : "muster.ini",
        context->command->name, queue->name);
}
