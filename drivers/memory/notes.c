/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_expired(const struct store *store, const struct note_record *note)
{
    return note->expires_at > 0 && note->expires_at <= store->now;
}

static struct note_record *find(const struct store *store, const char *kind, const char *key)
{
    for (size_t i = 0; i < store->notes.count; i++) {
        struct note_record *note = store->notes.items[i];
        if (strcmp(note->kind, kind) == 0 && strcmp(note->key, key) == 0)
            return note;
    }
    return NULL;
}

static void put(struct store *store, const struct note *note)
{
    struct note_record *record = find(store, note->kind, note->key);
    if (!record) {
        record = memory_new(store, sizeof *record);
        table_add(&store->notes, record);
    }
    *record = (struct note_record){
        .kind = memory_copy(store, note->kind),
        .key = memory_copy(store, note->key),
        .value = memory_copy(store, note->value),
        .owner = memory_copy(store, note->owner),
        .expires_at = note->ttl_ms > 0 ? store->now + note->ttl_ms : 0,
        .updated_at = store->now,
    };
    store->is_changed = true;
}

int memory_note_put(struct store *store, const struct note *note, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    put(store, note);
    return memory_end(store, 0, err);
}

static bool is_free_for(const struct store *store, const struct note *note)
{
    const struct note_record *record = find(store, note->kind, note->key);
    return !record || is_expired(store, record) ||
           (record->owner && note->owner && strcmp(record->owner, note->owner) == 0);
}

int memory_note_claim(struct store *store, const struct note *note, bool *held, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    *held = is_free_for(store, note);
    if (*held)
        put(store, note);
    return memory_end(store, 0, err);
}

static bool is_meant(const struct note_record *note, const char *kind, const char *prefix)
{
    return strcmp(note->kind, kind) == 0 && strncmp(note->key, prefix, strlen(prefix)) == 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(struct note_record *const *)a)->key, (*(struct note_record *const *)b)->key);
}

/* Those of a kind that begin with prefix, in order. The caller frees them. */
static struct note_record **list(const struct store *store, const char *kind, const char *prefix,
                                 size_t *count)
{
    struct note_record **notes = mem_new(store->notes.count + 1, sizeof *notes);
    *count = 0;
    for (size_t i = 0; i < store->notes.count; i++) {
        if (is_meant(store->notes.items[i], kind, prefix))
            notes[(*count)++] = store->notes.items[i];
    }
    qsort(notes, *count, sizeof *notes, by_key);
    return notes;
}

int memory_note_list(struct store *store, const char *kind, const char *prefix,
                     const char *after_key, size_t limit, note_fn each, void *context,
                     struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t count;
    struct note_record **notes = list(store, kind, prefix, &count);
    for (size_t i = 0; i < count && limit > 0; i++) {
        const struct note_record *record = notes[i];
        if (is_expired(store, record) || (after_key && strcmp(record->key, after_key) <= 0))
            continue;
        const struct note note = {
            .kind = record->kind,
            .key = record->key,
            .value = record->value,
            .owner = record->owner,
            .ttl_ms = record->expires_at > 0 ? record->expires_at - store->now : 0,
            .updated_at_ms = record->updated_at,
        };
        limit--;
        if (each(context, &note) != 0)
            break;
    }
    free(notes);
    return memory_end(store, 0, err);
}

static void drop(struct store *store, const struct note_record *note)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->notes.count; i++) {
        if (store->notes.items[i] != note)
            store->notes.items[kept++] = store->notes.items[i];
    }
    store->notes.count = kept;
    store->is_changed = true;
}

int memory_note_remove(struct store *store, const char *kind, const char *prefix,
                       const char *before_key, size_t limit, uint64_t *count, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t found;
    *count = 0;
    struct note_record **notes = list(store, kind, prefix, &found);
    for (size_t i = 0; i < found && *count < limit; i++) {
        if (before_key && strcmp(notes[i]->key, before_key) >= 0)
            break;
        *count += !is_expired(store, notes[i]);
        drop(store, notes[i]);
    }
    free(notes);
    return memory_end(store, 0, err);
}
