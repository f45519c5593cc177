/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/buf.h"
#include "common/command.h"
#include "common/mem.h"

/* Words in single quotes are read back as they are. */
static void check_quoted(char **words)
{
    struct buf line;
    buf_init(&line, 1u << 24);
    for (char **word = words; *word; word++) {
        buf_text_append(&line, "'");
        for (const char *at = *word; *at; at++)
            buf_text_append(&line, *at == '\'' ? "'\\''" : (char[]){*at, '\0'});
        buf_text_append(&line, "' ");
    }
    char **again = command_split(buf_text(&line), NULL);
    FUZZ_ASSERT(again);
    size_t i = 0;
    for (; words[i]; i++)
        FUZZ_ASSERT(again[i] && strcmp(again[i], words[i]) == 0);
    FUZZ_ASSERT(!again[i]);
    command_free(again);
    buf_finish(&line);
}

static void check_environment(const char *text)
{
    struct err err = ERR_INIT;
    char **pairs = command_environment(text, &err);
    FUZZ_ASSERT((pairs != NULL) == (err.code == ERR_NONE));
    for (char **pair = pairs; pair && *pair; pair++)
        FUZZ_ASSERT(strchr(*pair, '=') > *pair);
    char **merged = command_merge_environment(pairs, pairs);
    command_free(merged);
    command_free(pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    char *text = mem_strndup((const char *)bytes, size);
    char **words = command_split(text, &err);
    FUZZ_ASSERT((words != NULL) == (err.code == ERR_NONE));
    if (words)
        check_quoted(words);
    command_free(words);
    check_environment(text);
    free(text);
    return 0;
}
