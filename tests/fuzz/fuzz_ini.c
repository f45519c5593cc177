/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/ini.h"

/* An expanded value, escaped and put into a file, is read back as it was. */
static void check_escape(const char *value)
{
    struct buf text;
    buf_init(&text, INI_FILE_MAX);
    buf_text_append(&text, "[s]\nk = ");
    FUZZ_ASSERT(ini_escape(value, &text) == 0);
    struct ini *ini = ini_load_text("escaped", buf_text(&text), text.length, NULL);
    FUZZ_ASSERT(ini && ini->section_count == 1 && ini->sections[0].key_count == 1);
    char *again = ini_expand(ini->sections[0].keys[0].value, NULL, 0, NULL);
    FUZZ_ASSERT(again && strcmp(again, value) == 0);
    free(again);
    ini_destroy(ini);
    buf_finish(&text);
}

static void check_key(const struct ini_section *section, const struct ini_key *key)
{
    static const struct ini_variable variables[] = {
        {.name = "name", .value = "é;#\n x"},
        {.name = "number", .value = "-42", .is_number = true},
    };
    FUZZ_ASSERT(key->line >= 1 && ini_key(section, key->name) == key);
    struct err err = ERR_INIT;
    char *expanded = ini_expand(key->value, variables, 2, &err);
    FUZZ_ASSERT((expanded != NULL) == (err.code == ERR_NONE));
    if (expanded)
        check_escape(expanded);
    free(expanded);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct ini *ini = ini_load_text("fuzz", (const char *)bytes, size, &err);
    FUZZ_ASSERT((ini != NULL) == (err.code == ERR_NONE));
    for (size_t i = 0; ini && i < ini->section_count; i++) {
        const struct ini_section *section = &ini->sections[i];
        FUZZ_ASSERT(ini_section(ini, section->name) == section);
        for (size_t k = 0; k < section->key_count; k++)
            check_key(section, &section->keys[k]);
    }
    ini_destroy(ini);
    return 0;
}
