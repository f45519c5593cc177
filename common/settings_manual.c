/* SPDX-License-Identifier: MIT */

/* What the key tables say to people: the sample file, and the tables of docs/configuration.md. */
#include "common/settings.h"

#include <string.h>

/* The worker options and those of scaling stand in sections of their own; a queue's list does not
 * repeat them. */
static bool is_listed(const struct key_table *table, const struct key *key)
{
    return table != &settings_queue_table ||
           (!keys_find(&settings_worker_options_table, key->name) &&
            !keys_find(&settings_scaling_table, key->name));
}

static int sample_key(const struct key *key, struct buf *out)
{
    if (buf_printf(out, "\n; %s\n; Values: ", key->help) < 0 || keys_describe(key, out) < 0 ||
        (key->variable && buf_printf(out, "; overridden by $%s", key->variable) < 0))
        return -1;
    return buf_printf(out, "\n;%s =%s%s\n", key->name, key->fallback[0] ? " " : "", key->fallback);
}

/* Lines of a file as comments. */
static int sample_more(const char *text, struct buf *out)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (buf_printf(out, "\n%s%.*s", length > 0 ? ";" : "", (int)length, text) < 0)
            return -1;
        text += length + (text[length] == '\n');
    }
    return buf_text_append(out, "\n");
}

int settings_sample(struct buf *out)
{
    int result = buf_text_append(
        out,
        "; Settings of Muster. Every key stands here with its default: take the ; away from a\n"
        "; line to change it. The rules of the file are in docs/configuration.md.\n");
    for (size_t i = 0; settings_tables[i] && result == 0; i++) {
        const struct key_table *table = settings_tables[i];
        result =
            buf_printf(out, "\n\n; %s\n%s[%s%s]\n", table->help, table->is_commented ? ";" : "",
                       table->section, table->example ? table->example : "");
        for (size_t k = 0; k < table->key_count && result == 0; k++)
            result = is_listed(table, &table->keys[k]) ? sample_key(&table->keys[k], out) : 0;
        if (table->more && result == 0)
            result = sample_more(table->more, out);
    }
    return result;
}

static int manual_key(const struct key *key, struct buf *out)
{
    const char *mark = key->fallback[0] ? "`" : "";
    if (buf_printf(out, "| `%s` | %s%s%s | ", key->name, mark, key->fallback, mark) < 0 ||
        keys_describe(key, out) < 0 || buf_printf(out, " | %s", key->help) < 0)
        return -1;
    if (key->alias && buf_printf(out, " Also read as `%s`.", key->alias) < 0)
        return -1;
    if (key->variable && buf_printf(out, " Overridden by `%s`.", key->variable) < 0)
        return -1;
    return buf_text_append(out, " |\n");
}

int settings_manual(struct buf *out)
{
    int result = 0;
    for (size_t i = 0; settings_tables[i] && result == 0; i++) {
        const struct key_table *table = settings_tables[i];
        bool needs_name = table->section[strlen(table->section) - 1] == ':';
        result = buf_printf(out,
                            "\n### [%s%s]\n\n%s\n\n| key | default | values | meaning |\n"
                            "|---|---|---|---|\n",
                            table->section, needs_name ? "NAME" : "", table->help);
        for (size_t k = 0; k < table->key_count && result == 0; k++)
            result = is_listed(table, &table->keys[k]) ? manual_key(&table->keys[k], out) : 0;
    }
    return result;
}
