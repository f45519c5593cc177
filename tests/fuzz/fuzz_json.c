/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/json.h"

/* Any bytes become a string that is scanned, and decoded to what it was where it was UTF-8. */
static void check_string(const char *text, size_t length)
{
    struct buf out;
    struct arena arena = {0};
    struct json_slice value;
    char *decoded, *again;
    buf_init(&out, JSON_TEXT_MAX);
    FUZZ_ASSERT(json_string_append(&out, text, length) == 0);
    FUZZ_ASSERT(json_scan(buf_text(&out), out.length, &value, NULL) == 0);
    FUZZ_ASSERT(value.kind == JSON_STRING && value.length == out.length);
    FUZZ_ASSERT(json_slice_string(&value, "text", &arena, &decoded, NULL) == 0);
    struct buf twice;
    buf_init(&twice, JSON_TEXT_MAX);
    FUZZ_ASSERT(json_string_append(&twice, decoded, strlen(decoded)) == 0);
    FUZZ_ASSERT(strcmp(buf_text(&twice), buf_text(&out)) == 0);
    FUZZ_ASSERT(json_scan(buf_text(&twice), twice.length, &value, NULL) == 0);
    FUZZ_ASSERT(json_slice_string(&value, "text", &arena, &again, NULL) == 0);
    FUZZ_ASSERT(strcmp(again, decoded) == 0);
    buf_finish(&twice);
    buf_finish(&out);
    arena_finish(&arena);
}

/* What the scanner accepts, cJSON accepts, on one line too. */
static void check_tree(const char *text, size_t length)
{
    struct json_slice value;
    char *line = mem_strndup(text, length);
    json_join_lines(line, length);
    FUZZ_ASSERT(!memchr(line, '\n', length) && !memchr(line, '\r', length));
    FUZZ_ASSERT(json_scan(line, length, &value, NULL) == 0);
    cJSON *tree = json_parse(line, length, NULL), *same = json_parse(text, length, NULL);
    FUZZ_ASSERT(tree && same);
    char *printed = cJSON_PrintUnformatted(tree), *printed_same = cJSON_PrintUnformatted(same);
    FUZZ_ASSERT(strcmp(printed, printed_same) == 0);
    cJSON_free(printed_same);
    cJSON_free(printed);
    cJSON_Delete(same);
    cJSON_Delete(tree);
    free(line);
}

static void check_values(const struct json_slice *value)
{
    int64_t integer;
    double number;
    if (json_slice_integer(value, "number", INT64_MIN, INT64_MAX, &integer, NULL) == 0)
        FUZZ_ASSERT(json_slice_number(value, "number", &number, NULL) == 0 || value->length > 400);
    if (value->kind != JSON_OBJECT)
        return;
    struct json_field fields[] = {{.name = "data"}, {.name = "uuid"}};
    struct err err = ERR_INIT;
    int result = json_scan_object(value->text, value->length, fields, 2, &err);
    FUZZ_ASSERT(result == 0 || strstr(err.text, "twice"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct err err = ERR_INIT;
    struct json_slice value;
    int result = json_scan(text, size, &value, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    if (result == 0) {
        FUZZ_ASSERT(value.length > 0 && value.text + value.length <= text + size);
        check_values(&value);
        check_tree(text, size);
    }
    check_string(text, size);
    return 0;
}
