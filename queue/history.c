/* SPDX-License-Identifier: MIT */
#include "queue/history.h"

#include <string.h>

#include "common/json.h"
#include "queue/job_text.h"

/* What fits of a text without cutting a character. */
static size_t cut_length(const char *text, size_t most)
{
    size_t length = strnlen(text, most + 1);
    if (length <= most)
        return length;
    length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

int history_entry_encode(const struct history_entry *entry, struct buf *out)
{
    struct job_writer writer;
    job_write_begin(&writer, out);
    job_write_integer(&writer, "attempt", entry->attempt);
    job_write_integer(&writer, "at", entry->at_ms);
    job_write_text(&writer, "worker", entry->worker);
    job_write_text(&writer, "cause", entry->cause);
    if (entry->exception)
        job_write_bytes(&writer, "exception", entry->exception,
                        cut_length(entry->exception, HISTORY_EXCEPTION_MAX));
    return job_write_end(&writer, NULL);
}

/* The last HISTORY_MAX elements that went by, in a ring. */
struct recent {
    struct json_slice entries[HISTORY_MAX];
    size_t count;
};

static int remember(void *context, const struct json_slice *element, struct err *err)
{
    (void)err;
    struct recent *recent = context;
    recent->entries[recent->count++ % HISTORY_MAX] = *element;
    return 0;
}

int history_add(const char *history, const struct history_entry *entry, struct buf *out,
                struct err *err)
{
    struct recent recent = {.count = 0};
    if (history && json_scan_array(history, strlen(history), remember, &recent, err) < 0)
        return err_prefix(err, "the job's history");
    int result = buf_append(out, "[", 1);
    size_t first = recent.count >= HISTORY_MAX ? recent.count - HISTORY_MAX + 1 : 0;
    for (size_t i = first; i < recent.count && result == 0; i++) {
        const struct json_slice *old = &recent.entries[i % HISTORY_MAX];
        result =
            buf_append(out, old->text, old->length) < 0 || buf_append(out, ",", 1) < 0 ? -1 : 0;
    }
    if (result < 0 || history_entry_encode(entry, out) < 0 || buf_append(out, "]", 1) < 0)
        return err_set(err, ERR_LIMIT, "the job's history is longer than %zu bytes", out->cap);
    return 0;
}
