/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"

static enum err_code scan(const char *text)
{
    struct err err = ERR_INIT;
    struct json_slice value;
    int result = json_scan(text, strlen(text), &value, &err);
    assert_int_equal(result == 0, err.code == ERR_NONE);
    return err.code;
}

static void test_values_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_kind kind;
    } rows[] = {
        {"null", JSON_NULL},
        {" true ", JSON_BOOL},
        {"false", JSON_BOOL},
        {"0", JSON_NUMBER},
        {"-0.5e-7", JSON_NUMBER},
        {"123456789012345678901234567890", JSON_NUMBER},
        {"1E+2", JSON_NUMBER},
        {"\"\"", JSON_STRING},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", JSON_STRING},
        {"\"é€😀 and a text that is longer than eight bytes\"", JSON_STRING},
        {"\t[\r\n]", JSON_ARRAY},
        {"[1,\"2\",[3,{}],null]", JSON_ARRAY},
        {"{ }", JSON_OBJECT},
        {"{\"a\" : {\"b\":[{}]} , \"\":1}", JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_slice value;
        struct err err = ERR_INIT;
        if (json_scan(rows[i].text, strlen(rows[i].text), &value, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_int_equal(value.kind, rows[i].kind);
    }
}

static void test_what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "nul",
        "nulL",
        "True",
        "truefalse",
        "1 2",
        "01",
        "-",
        "-01",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "Infinity",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\x1f\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "{,}",
        "{} {}",
        "[]x",
        "\xef\xbb\xbf{}",
        "// x\n1",
        "/**/1",
        "\v1",
        "\xc2\xa0 1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (scan(texts[i]) != ERR_INVALID)
            fail_msg("accepted: %s", texts[i]);
    struct json_slice value;
    assert_int_equal(json_scan("\"a\0b\"", 5, &value, NULL), -1);
    assert_int_equal(json_scan("1\0", 2, &value, NULL), -1);
}

static void test_the_place_is_told(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct json_slice value;
    assert_int_equal(json_scan("{\"a\": [1, 02]}", 14, &value, &err), -1);
    assert_string_equal(err.text, "not JSON: a number with a leading zero at byte 10");
}

/* A string of n bytes before, and after, whose one special byte stands at each place in turn. */
static void test_special_bytes_are_seen_at_every_place(void **state)
{
    (void)state;
    static const char specials[] = "\x01\x1f\x80\xff\n";
    char text[24];
    for (size_t special = 0; special < sizeof specials - 1; special++) {
        for (size_t place = 1; place < sizeof text - 1; place++) {
            memset(text, '~', sizeof text);
            text[0] = text[sizeof text - 1] = '"';
            struct json_slice value;
            assert_int_equal(json_scan(text, sizeof text, &value, NULL), 0);
            text[place] = specials[special];
            assert_int_equal(json_scan(text, sizeof text, &value, NULL), -1);
        }
    }
}

static enum err_code scan_nested(int depth, const char *open, const char *inside, const char *close)
{
    struct buf text;
    buf_init(&text, 100000);
    for (int i = 0; i < depth; i++)
        buf_text_append(&text, open);
    buf_text_append(&text, inside);
    for (int i = 0; i < depth; i++)
        buf_text_append(&text, close);
    enum err_code code = scan(buf_text(&text));
    buf_finish(&text);
    return code;
}

static void test_depth_and_size_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(scan_nested(JSON_DEPTH_MAX, "[", "", "]"), ERR_NONE);
    assert_int_equal(scan_nested(JSON_DEPTH_MAX + 1, "[", "", "]"), ERR_LIMIT);
    assert_int_equal(scan_nested(JSON_DEPTH_MAX, "{\"a\":", "1", "}"), ERR_NONE);
    assert_int_equal(scan_nested(JSON_DEPTH_MAX + 1, "{\"a\":", "1", "}"), ERR_LIMIT);
    size_t size = JSON_TEXT_MAX + 1;
    char *text = malloc(size);
    memset(text, ' ', size);
    text[0] = '1';
    struct err err = ERR_INIT;
    struct json_slice value;
    assert_int_equal(json_scan(text, size - 1, &value, &err), 0);
    assert_int_equal(json_scan(text, size, &value, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    free(text);
}

static void test_fields_are_slices_of_the_text(void **state)
{
    (void)state;
    static const char text[] =
        " {\"other\":{\"data\":0}, \"data\" : {\"x\": [1]} ,\"n\":-7,\"s\":\"\\u0061b\"} ";
    struct json_field fields[] = {
        {.name = "data"}, {.name = "n"}, {.name = "missing"}, {.name = "s"}, {.name = "da"}};
    struct err err = ERR_INIT;
    assert_int_equal(json_scan_object(text, strlen(text), fields, 5, &err), 0);
    assert_int_equal(fields[0].value.kind, JSON_OBJECT);
    assert_memory_equal(fields[0].value.text, "{\"x\": [1]}", fields[0].value.length);
    assert_int_equal(fields[0].value.length, 10);
    assert_ptr_equal(fields[0].value.text, strstr(text, "{\"x\""));
    assert_null(fields[2].value.text);
    assert_null(fields[4].value.text);
    assert_int_equal(fields[3].value.kind, JSON_STRING);
}

static void test_names_written_with_escapes_are_the_same_names(void **state)
{
    (void)state;
    struct json_field field = {.name = "uuid"};
    static const char one[] = "{\"\\u0075uid\":1}";
    assert_int_equal(json_scan_object(one, strlen(one), &field, 1, NULL), 0);
    assert_non_null(field.value.text);
    static const char two[] = "{\"uuid\":1,\"\\u0075uid\":2}";
    struct err err = ERR_INIT;
    assert_int_equal(json_scan_object(two, strlen(two), &field, 1, &err), -1);
    assert_string_equal(err.text, "the member \"uuid\" is there twice, again at byte 10");
}

static void test_only_an_object_has_fields(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(json_scan_object("[1]", 3, NULL, 0, &err), -1);
    assert_string_equal(err.text, "not JSON: no object at byte 0");
    assert_int_equal(json_scan_object("{} x", 4, NULL, 0, NULL), -1);
    assert_int_equal(json_scan_object("{}", 2, NULL, 0, NULL), 0);
}

static void test_unknown_members_are_refused_by_name(void **state)
{
    (void)state;
    struct json_field fields[] = {{.name = "a"}};
    struct err err = ERR_INIT;
    static const char text[] = "{\"a\":{\"inner\":1},\"b c\":2}";
    assert_int_equal(json_scan_object_only("{\"a\":1}", 7, fields, 1, &err), 0);
    assert_int_equal(json_scan_object_only(text, strlen(text), fields, 1, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, "an unknown member \"b c\" at byte 17");
}

static int join_element(void *context, const struct json_slice *element, struct err *err)
{
    if (element->kind == JSON_NULL)
        return err_set(err, ERR_INVALID, "null");
    buf_append(context, element->text, element->length);
    return buf_text_append(context, ";");
}

static void test_elements_of_an_array(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    static const char text[] = " [1, [2,3] ,{\"a\":[4]}] ";
    assert_int_equal(json_scan_array(text, strlen(text), join_element, &buf, NULL), 0);
    assert_string_equal(buf_text(&buf), "1;[2,3];{\"a\":[4]};");
    assert_int_equal(json_scan_array("[]", 2, join_element, &buf, NULL), 0);
    struct err err = ERR_INIT;
    assert_int_equal(json_scan_array("[1,null,2]", 10, join_element, &buf, &err), -1);
    assert_string_equal(err.text, "null");
    err_clear(&err);
    assert_int_equal(json_scan_array("{}", 2, join_element, &buf, &err), -1);
    assert_string_equal(err.text, "not JSON: no array at byte 0");
    assert_int_equal(json_scan_array("[1,]", 4, join_element, &buf, NULL), -1);
    assert_int_equal(json_scan_array("[1]]", 4, join_element, &buf, NULL), -1);
    buf_finish(&buf);
}

static struct json_slice slice(const char *text)
{
    struct json_slice value;
    assert_int_equal(json_scan(text, strlen(text), &value, NULL), 0);
    return value;
}

static int integer(const char *text, int64_t min, int64_t max, int64_t *out)
{
    struct json_slice value = slice(text);
    return json_slice_integer(&value, "count", min, max, out, NULL);
}

static void test_integers(void **state)
{
    (void)state;
    int64_t number;
    assert_int_equal(integer("9223372036854775807", INT64_MIN, INT64_MAX, &number), 0);
    assert_true(number == INT64_MAX);
    assert_int_equal(integer("-9223372036854775808", INT64_MIN, INT64_MAX, &number), 0);
    assert_true(number == INT64_MIN);
    assert_int_equal(integer("9223372036854775808", INT64_MIN, INT64_MAX, &number), -1);
    assert_int_equal(integer("-9223372036854775809", INT64_MIN, INT64_MAX, &number), -1);
    assert_int_equal(integer("9007199254740993", 0, INT64_MAX, &number), 0);
    assert_true(number == 9007199254740993);
    assert_int_equal(integer("-0", 0, 1, &number), 0);
    assert_int_equal(integer("5", 6, 7, &number), -1);
    assert_int_equal(integer("5.0", 0, 7, &number), -1);
    assert_int_equal(integer("\"5\"", 0, 7, &number), -1);
    struct err err = ERR_INIT;
    struct json_slice value = slice("8");
    json_slice_integer(&value, "priority", 0, 7, &number, &err);
    assert_string_equal(err.text, "priority must be a whole number from 0 to 7");
}

static void test_numbers_and_bools(void **state)
{
    (void)state;
    double number;
    bool flag;
    struct json_slice value = slice("-2.5e1");
    assert_int_equal(json_slice_number(&value, "delay", &number, NULL), 0);
    assert_true(number == -25);
    value = slice("1e999");
    assert_int_equal(json_slice_number(&value, "delay", &number, NULL), -1);
    value = slice("true");
    assert_int_equal(json_slice_number(&value, "delay", &number, NULL), -1);
    assert_int_equal(json_slice_bool(&value, "retry", &flag, NULL), 0);
    assert_true(flag);
    value = slice("0");
    assert_int_equal(json_slice_bool(&value, "retry", &flag, NULL), -1);
    value = (struct json_slice){0};
    assert_int_equal(json_slice_bool(&value, "retry", &flag, NULL), -1);
    assert_int_equal(json_slice_number(&value, "retry", &number, NULL), -1);
}

static void test_strings_are_decoded(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *text;
    struct json_slice value =
        slice("\"\\\"\\\\\\/\\b\\f\\n\\r\\t \\u0041\\u00E9\\u20ac\\ud83d\\ude00 é\"");
    assert_int_equal(json_slice_string(&value, "name", &arena, &text, NULL), 0);
    assert_string_equal(text, "\"\\/\b\f\n\r\t Aé€😀 é");
    value = slice("\"\"");
    assert_int_equal(json_slice_string(&value, "name", &arena, &text, NULL), 0);
    assert_string_equal(text, "");
    struct err err = ERR_INIT;
    value = slice("7");
    assert_int_equal(json_slice_string(&value, "name", &arena, &text, &err), -1);
    assert_string_equal(err.text, "name must be a string");
    arena_finish(&arena);
}

static void test_slice_is(void **state)
{
    (void)state;
    struct json_slice value = slice("\"done\"");
    assert_true(json_slice_is(&value, "done"));
    assert_false(json_slice_is(&value, "don"));
    assert_false(json_slice_is(&value, "done1"));
    value = slice("1");
    assert_false(json_slice_is(&value, "1"));
    value = (struct json_slice){0};
    assert_false(json_slice_is(&value, ""));
}

static void string_becomes(const char *text, size_t length, const char *json)
{
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(json_string_append(&out, text, length), 0);
    assert_string_equal(buf_text(&out), json);
    buf_finish(&out);
}

static void test_any_bytes_become_a_valid_string(void **state)
{
    (void)state;
    string_becomes("", 0, "\"\"");
    string_becomes("plain text, long enough", 23, "\"plain text, long enough\"");
    string_becomes("\"\\/\b\f\n\r\t\x01\x7f", 10, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\"");
    string_becomes("é€😀", strlen("é€😀"), "\"é€😀\"");
    string_becomes("a\0z", 3, "\"a\xef\xbf\xbdz\"");
    string_becomes("\xff\xe2\x82", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_a_string_past_the_cap_leaves_nothing(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 10);
    buf_text_append(&out, "12");
    assert_int_equal(json_string_append(&out, "1234567", 7), -1);
    assert_string_equal(buf_text(&out), "12");
    assert_int_equal(json_string_append(&out, "123456", 6), 0);
    assert_string_equal(buf_text(&out), "12\"123456\"");
    buf_finish(&out);
}

static void test_lines_are_joined(void **state)
{
    (void)state;
    char text[] = "{\r\n \"a\\n\": [\n1\r]\n}";
    json_join_lines(text, strlen(text));
    assert_string_equal(text, "{   \"a\\n\": [ 1 ] }");
}

static void test_trees(void **state)
{
    (void)state;
    static const char text[] =
        "{\"A\":1,\"a\":\"x\",\"n\":-12,\"big\":1e300,\"half\":0.5,\"yes\":true,\"o\":{}}";
    cJSON *tree = json_parse(text, strlen(text), NULL);
    assert_non_null(tree);
    assert_string_equal(json_get_string(tree, "a", "-"), "x");
    assert_string_equal(json_get_string(tree, "A", "-"), "-");
    assert_int_equal(json_get_integer(tree, "n", 7), -12);
    assert_int_equal(json_get_integer(tree, "big", 7), 7);
    assert_int_equal(json_get_integer(tree, "half", 7), 7);
    assert_int_equal(json_get_integer(tree, "a", 7), 7);
    assert_true(json_get_bool(tree, "yes", false));
    assert_true(json_get_bool(tree, "n", true));
    assert_null(json_get(tree, "none"));
    cJSON_Delete(tree);
    struct err err = ERR_INIT;
    assert_null(json_parse("{\"a\":\"\\u0000\"}", 14, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_accepted),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_the_place_is_told),
        cmocka_unit_test(test_special_bytes_are_seen_at_every_place),
        cmocka_unit_test(test_depth_and_size_are_bounded),
        cmocka_unit_test(test_fields_are_slices_of_the_text),
        cmocka_unit_test(test_names_written_with_escapes_are_the_same_names),
        cmocka_unit_test(test_only_an_object_has_fields),
        cmocka_unit_test(test_unknown_members_are_refused_by_name),
        cmocka_unit_test(test_elements_of_an_array),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers_and_bools),
        cmocka_unit_test(test_strings_are_decoded),
        cmocka_unit_test(test_slice_is),
        cmocka_unit_test(test_any_bytes_become_a_valid_string),
        cmocka_unit_test(test_a_string_past_the_cap_leaves_nothing),
        cmocka_unit_test(test_lines_are_joined),
        cmocka_unit_test(test_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
