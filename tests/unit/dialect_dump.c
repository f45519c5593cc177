/* SPDX-License-Identifier: MIT */

/* For the comparison with Python's parsers (test_dialect.py): reads length-prefixed texts from
 * standard input and answers each with a line of JSON, null where the text is refused. The argument
 * says as what they are read: ini, split or environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/ini.h"
#include "common/mem.h"

static void put_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == '"' || byte == '\\')
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void put_section(const struct ini_section *section)
{
    put_string(section->name);
    printf(":{");
    for (size_t i = 0; i < section->key_count; i++) {
        printf(i ? "," : "");
        put_string(section->keys[i].name);
        printf(":[");
        put_string(section->keys[i].value);
        printf(",%d]", section->keys[i].line);
    }
    printf("}");
}

static void dump_ini(const char *text, size_t length)
{
    struct ini *ini = ini_load_text("text", text, length, NULL);
    if (!ini) {
        puts("null");
        return;
    }
    putchar('{');
    for (size_t i = 0; i < ini->section_count; i++) {
        printf(i ? "," : "");
        put_section(&ini->sections[i]);
    }
    puts("}");
    ini_destroy(ini);
}

static void dump_words(char **words)
{
    if (!words) {
        puts("null");
        return;
    }
    putchar('[');
    for (size_t i = 0; words[i]; i++) {
        printf(i ? "," : "");
        put_string(words[i]);
    }
    puts("]");
    command_free(words);
}

static void dump(const char *kind, const char *text, size_t length)
{
    if (strcmp(kind, "ini") == 0)
        dump_ini(text, length);
    else if (strcmp(kind, "split") == 0)
        dump_words(command_split(text, NULL));
    else
        dump_words(command_environment(text, NULL));
}

int main(int argc, char **argv)
{
    size_t length;
    while (argc == 2 && scanf("%zu", &length) == 1 && getchar() == '\n') {
        char *text = mem_new(length + 1, 1);
        if (fread(text, 1, length, stdin) == length)
            dump(argv[1], text, length);
        free(text);
    }
    return argc == 2 ? 0 : 2;
}
