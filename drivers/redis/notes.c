/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "drivers/redis/store.h"

enum { ROW_SIZE = 5 };

/* A kind as a part of a key: a colon is written otherwise, so that no kind and key are another's.
 */
static void add_kind(struct store *store, const char *kind)
{
    buf_clear(&store->text);
    for (; *kind; kind++) {
        if (*kind == ':' || *kind == '%')
            buf_printf(&store->text, "%%%02X", (unsigned)*kind);
        else
            buf_append(&store->text, kind, 1);
    }
    redis_command_add(&store->arguments, buf_text(&store->text), store->text.length);
}

static int put(struct store *store, enum script_id script, const struct note *note, uint64_t *done,
               struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    add_kind(store, note->kind);
    redis_command_text(arguments, note->key);
    redis_command_text(arguments, note->value);
    redis_command_text(arguments, note->owner);
    redis_command_number(arguments, note->ttl_ms);
    return redis_store_run_number(store, script, done, err);
}

int redis_note_put(struct store *store, const struct note *note, struct err *err)
{
    uint64_t ignored;
    return put(store, SCRIPT_NOTE_PUT, note, &ignored, err);
}

int redis_note_claim(struct store *store, const struct note *note, bool *held, struct err *err)
{
    uint64_t done = 0;
    int result = put(store, SCRIPT_NOTE_CLAIM, note, &done, err);
    *held = result == 0 && done == 1;
    return result;
}

/* A listing that goes on page by page. */
struct listing {
    struct store *store;
    const char *kind, *prefix;
    char after[NOTE_KEY_MAX + 1];
    size_t left;
    note_fn each;
    void *context;
};

/* Returns whether the listing goes on. */
static bool give(struct listing *listing, const struct reply *row)
{
    const struct note note = {.kind = listing->kind,
                              .key = redis_reply_text(&row[0]),
                              .value = redis_reply_text(&row[1]),
                              .owner = redis_reply_text_or_null(&row[2]),
                              .ttl_ms = redis_reply_integer(&row[3]),
                              .updated_at_ms = redis_reply_integer(&row[4])};
    snprintf(listing->after, sizeof listing->after, "%s", note.key);
    listing->left--;
    return listing->each(listing->context, &note) == 0 && listing->left > 0;
}

/* Returns 1 where more pages follow, 0 at the end, or -1 with err. */
static int list_page(struct listing *listing, struct err *err)
{
    struct store *store = listing->store;
    struct command *arguments = redis_store_begin(store);
    add_kind(store, listing->kind);
    redis_command_text(arguments, listing->prefix);
    redis_command_text(arguments, listing->after);
    redis_command_number(arguments, (int64_t)listing->left);
    struct reply *reply = redis_store_run(store, SCRIPT_NOTE_LIST, err);
    if (!reply)
        return -1;
    const struct reply *rows = redis_reply_item(reply, 1);
    bool goes_on = true;
    for (size_t i = 0; i < rows->count / ROW_SIZE && goes_on; i++)
        goes_on = give(listing, &rows->items[i * ROW_SIZE]);
    return goes_on && redis_reply_integer(redis_reply_item(reply, 0)) != 0;
}

int redis_note_list(struct store *store, const char *kind, const char *prefix,
                    const char *after_key, size_t limit, note_fn each, void *context,
                    struct err *err)
{
    struct listing listing = {.store = store,
                              .kind = kind,
                              .prefix = prefix,
                              .left = limit ? limit : (size_t)store->settings->batch_size,
                              .each = each,
                              .context = context};
    snprintf(listing.after, sizeof listing.after, "%s", after_key ? after_key : "");
    int more;
    do {
        more = list_page(&listing, err);
    } while (more > 0);
    return more;
}

int redis_note_remove(struct store *store, const char *kind, const char *prefix,
                      const char *before_key, size_t limit, uint64_t *count, struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    add_kind(store, kind);
    redis_command_text(arguments, prefix);
    redis_command_text(arguments, before_key);
    redis_command_number(arguments, limit ? (int64_t)limit : store->settings->batch_size);
    return redis_store_run_number(store, SCRIPT_NOTE_REMOVE, count, err);
}
