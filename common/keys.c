/* SPDX-License-Identifier: MIT */
#include "common/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/ini.h"
#include "common/key_types.h"
#include "common/mem.h"
#include "common/nearest.h"

static void *place(const struct key *key, void *values)
{
    return (char *)values + key->offset;
}

const struct key *keys_find(const struct key_table *table, const char *name)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (strcasecmp(key->name, name) == 0 || (key->alias && strcasecmp(key->alias, name) == 0))
            return key;
    }
    return NULL;
}

static int unknown_key(const struct key_table *table, const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < table->key_count; i++)
        nearest_consider(&nearest, table->keys[i].name);
    if (nearest.best)
        return err_set(err, ERR_INVALID, "%.80s: there is no such key; did you mean %s?", name,
                       nearest.best);
    struct buf known;
    buf_init(&known, ERR_TEXT_MAX / 2);
    for (size_t i = 0; i < table->key_count; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", table->keys[i].name);
    err_set(err, ERR_INVALID, "%.80s: there is no such key; the keys are %s", name,
            buf_text(&known));
    buf_finish(&known);
    return -1;
}

int keys_set_found(const struct key *key, void *values, const char *text, struct err *err)
{
    if (key_type_of(key)->parse(key, text, place(key, values), err) < 0)
        return err_prefix(err, "%s", key->name);
    return 0;
}

int keys_set(const struct key_table *table, void *values, const char *name, const char *text,
             struct err *err)
{
    const struct key *key = keys_find(table, name);
    return key ? keys_set_found(key, values, text, err) : unknown_key(table, name, err);
}

void keys_set_defaults(const struct key_table *table, void *values)
{
    for (size_t i = 0; i < table->key_count; i++)
        keys_set_found(&table->keys[i], values, table->keys[i].fallback, NULL);
}

int keys_set_from_environment(const struct key_table *table, void *values, const char *except,
                              struct err *err)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        const char *text = key->variable ? getenv(key->variable) : NULL;
        if (!text || text[0] == '\0')
            continue;
        if (except && strncmp(key->variable, except, strlen(except)) == 0)
            continue;
        if (keys_set_found(key, values, text, err) < 0)
            return err_prefix(err, "environment variable %s", key->variable);
    }
    return 0;
}

void keys_copy(const struct key_table *table, void *to, const void *from)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        key_type_of(key)->copy(place(key, to), (const char *)from + key->offset);
    }
}

void keys_finish(const struct key_table *table, void *values)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (key_type_of(key)->finish)
            key_type_of(key)->finish(place(key, values));
    }
}

/* The text that is to be packed: NULL where the key has none of its own. */
static char **own_text(const struct key *key, void *values)
{
    char **text = place(key, values);
    return key_type_of(key)->finish == key_text_finish && *text ? text : NULL;
}

size_t keys_packed_size(const struct key_table *table, void *values)
{
    size_t size = 0;
    for (size_t i = 0; i < table->key_count; i++) {
        char *const *text = own_text(&table->keys[i], values);
        if (text && strcmp(*text, table->keys[i].fallback) != 0)
            size += strlen(*text) + 1;
    }
    return size;
}

char *keys_pack(const struct key_table *table, void *values, char *room)
{
    for (size_t i = 0; i < table->key_count; i++) {
        char **text = own_text(&table->keys[i], values);
        if (!text)
            continue;
        char *owned = *text;
        bool is_default = strcmp(owned, table->keys[i].fallback) == 0;
        *text = is_default ? (char *)(uintptr_t)table->keys[i].fallback : room;
        if (!is_default)
            room = stpcpy(room, owned) + 1;
        free(owned);
    }
    return room;
}

static bool is_equal(const struct key *key, const void *one, const void *other)
{
    return key_type_of(key)->equal((const char *)one + key->offset,
                                   (const char *)other + key->offset);
}

bool keys_equal(const struct key_table *table, const void *one, const void *other,
                bool (*is_left_out)(const struct key *key))
{
    for (size_t i = 0; i < table->key_count; i++)
        if (!is_left_out(&table->keys[i]) && !is_equal(&table->keys[i], one, other))
            return false;
    return true;
}

int keys_compare(const struct key_table *table, const void *old_values, const void *new_values,
                 void (*changed)(void *context, const struct key *key), void *context)
{
    int need = -1;
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (is_equal(key, old_values, new_values))
            continue;
        if ((int)key->reload > need)
            need = (int)key->reload;
        if (changed)
            changed(context, key);
    }
    return need;
}

int keys_print_value(const struct key *key, const void *values, struct buf *out)
{
    return key_type_of(key)->print(key, (const char *)values + key->offset, out);
}

int keys_describe(const struct key *key, struct buf *out)
{
    return key_type_describe(key, out);
}

static int print_key(const struct key *key, const void *values, struct buf *out)
{
    struct buf value;
    buf_init(&value, out->cap);
    int result = keys_print_value(key, values, &value);
    if (result == 0)
        result = buf_printf(out, "%s = ", key->name);
    if (result == 0)
        result = ini_escape(buf_text(&value), out);
    if (result == 0)
        result = buf_text_append(out, "\n");
    buf_finish(&value);
    return result;
}

int keys_print(const struct key_table *table, const void *values, struct buf *out)
{
    for (size_t i = 0; i < table->key_count; i++) {
        if (print_key(&table->keys[i], values, out) < 0)
            return -1;
    }
    return 0;
}
