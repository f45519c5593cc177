/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/control/xmlrpc.h"

static int parse(const char *text, struct arena *arena, struct xmlrpc_call *call, struct err *err)
{
    return xmlrpc_parse_call(text, strlen(text), arena, call, err);
}

static void assert_refused(const char *text, enum err_code code)
{
    struct arena arena = {0};
    struct xmlrpc_call call;
    struct err err = ERR_INIT;
    assert_int_equal(parse(text, &arena, &call, &err), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(strncmp(err.text, "XML-RPC", 7), 0);
    arena_finish(&arena);
}

#define CALL(params)                                                                               \
    "<?xml version='1.0'?><methodCall><methodName>m</methodName><params>" params                   \
    "</params></methodCall>"
#define PARAM(value) "<param><value>" value "</value></param>"

static void test_values_of_all_types(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct xmlrpc_call call;
    struct err err = ERR_INIT;
    const char *text = CALL(
        PARAM("plain &amp; <!-- no -->text") PARAM("<string>two\n lines</string>")
            PARAM("<int> -7 </int>") PARAM("<boolean>1</boolean>") PARAM("<double>2.5</double>")
                PARAM("<array><data><value><i4>1</i4></value><value/></data></array>")
                    PARAM("<struct><member><name>a</name><value>x</value></member></struct>")
                        PARAM("<nil/>"));
    assert_int_equal(parse(text, &arena, &call, &err), 0);
    assert_string_equal(call.method, "m");
    assert_int_equal(call.params.count, 8);
    assert_string_equal(xmlrpc_item(&call.params, 0)->text, "plain & text");
    assert_string_equal(xmlrpc_item(&call.params, 1)->text, "two\n lines");
    assert_int_equal(xmlrpc_item(&call.params, 2)->integer, -7);
    assert_int_equal(xmlrpc_item(&call.params, 3)->kind, XMLRPC_BOOLEAN);
    assert_true(xmlrpc_item(&call.params, 4)->number == 2.5);
    const struct xmlrpc_value *array = xmlrpc_item(&call.params, 5);
    assert_int_equal(array->count, 2);
    assert_string_equal(xmlrpc_item(array, 1)->text, "");
    assert_string_equal(xmlrpc_member(xmlrpc_item(&call.params, 6), "a")->text, "x");
    assert_null(xmlrpc_member(xmlrpc_item(&call.params, 6), "b"));
    assert_int_equal(xmlrpc_item(&call.params, 7)->kind, XMLRPC_NIL);
    assert_null(xmlrpc_item(&call.params, 8));
    arena_finish(&arena);
}

/* What Python's base64.decodebytes makes of the same. */
static void test_base64_is_that_of_python(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t length;
    } rows[] = {
        {"", "", 0},
        {"YQ==", "a", 1},
        {"YWI=", "ab", 2},
        {" YW\nJj-ZA== ", "abcd", 4},
        {"YWIAYw==", "ab\0c", 4},
        {"=YWJj", "abc", 3},
        {"YR==YWJj", "a", 1},
        {"w6k=", "\xc3\xa9", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = {0};
        struct xmlrpc_call call;
        struct err err = ERR_INIT;
        char text[256];
        snprintf(text, sizeof text, CALL(PARAM("<base64>%s</base64>")), rows[i].text);
        assert_int_equal(parse(text, &arena, &call, &err), 0);
        const struct xmlrpc_value *value = xmlrpc_item(&call.params, 0);
        assert_int_equal(value->kind, XMLRPC_STRING);
        assert_int_equal(value->length, rows[i].length);
        assert_memory_equal(value->text, rows[i].bytes, rows[i].length + 1);
        arena_finish(&arena);
    }
}

static void test_a_call_needs_no_params(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct xmlrpc_call call;
    struct err err = ERR_INIT;
    assert_int_equal(
        parse("<methodCall><methodName>system.x</methodName></methodCall>", &arena, &call, &err),
        0);
    assert_int_equal(call.params.count, 0);
    arena_finish(&arena);
}

static void test_what_is_wrong_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "text",
        "<methodCall>",
        "<methodCall></methodCall>",
        "<methodResponse/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><methodCall><methodName>&b;</methodName></methodCall>",
        CALL(PARAM("<int>1x</int>")),
        CALL(PARAM("<int>99999999999999999999</int>")),
        CALL(PARAM("<boolean>2</boolean>")),
        CALL(PARAM("<int>1</int><string>2</string>")),
        CALL("<value>1</value>"),
        CALL(PARAM("<unknown/>")),
        CALL(PARAM("\x80")),
        CALL(PARAM("<base64>YWI</base64>")),
        CALL(PARAM("<base64>gA==</base64>")),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(wrong[i], ERR_INVALID);
}

static void test_depth_and_count_are_bounded(void **state)
{
    (void)state;
    struct buf deep;
    buf_init(&deep, XMLRPC_CALL_MAX);
    buf_text_append(&deep, "<methodCall><methodName>m</methodName><params><param>");
    for (int i = 0; i < 1000; i++)
        buf_text_append(&deep, "<value><array><data>");
    assert_refused(buf_text(&deep), ERR_LIMIT);
    buf_clear(&deep);
    buf_text_append(&deep, "<methodCall><methodName>m</methodName><params>");
    for (int i = 0; i <= XMLRPC_VALUES_MAX; i++)
        buf_text_append(&deep, "<param><value/></param>");
    assert_refused(buf_text(&deep), ERR_LIMIT);
    buf_finish(&deep);
}

static void test_answers_are_those_of_python(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    struct xmlrpc_writer writer = {.buf = &text};
    xmlrpc_begin_response(&writer);
    xmlrpc_begin_struct(&writer);
    xmlrpc_put_name(&writer, "a");
    xmlrpc_begin_array(&writer);
    xmlrpc_put_integer(&writer, 1);
    xmlrpc_put_boolean(&writer, true);
    xmlrpc_put_text(&writer, "x<&>\x01\xff\xef\xbf\xbf");
    xmlrpc_end_array(&writer);
    xmlrpc_end_name(&writer);
    xmlrpc_end_struct(&writer);
    assert_int_equal(xmlrpc_end_response(&writer), 0);
    assert_string_equal(
        buf_text(&text),
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n<member>\n"
        "<name>a</name>\n<value><array><data>\n<value><int>1</int></value>\n"
        "<value><boolean>1</boolean></value>\n"
        "<value><string>x&lt;&amp;&gt;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</string></value>\n"
        "</data></array></value>\n</member>\n</struct></value>\n</param>\n</params>\n"
        "</methodResponse>\n");
    buf_finish(&text);
}

static void test_an_answer_that_does_not_fit_says_so(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 200);
    struct xmlrpc_writer writer = {.buf = &text};
    xmlrpc_begin_response(&writer);
    for (int i = 0; i < 10; i++)
        xmlrpc_put_integer(&writer, i);
    assert_int_equal(xmlrpc_end_response(&writer), -1);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_all_types),
        cmocka_unit_test(test_base64_is_that_of_python),
        cmocka_unit_test(test_a_call_needs_no_params),
        cmocka_unit_test(test_what_is_wrong_is_refused),
        cmocka_unit_test(test_depth_and_count_are_bounded),
        cmocka_unit_test(test_answers_are_those_of_python),
        cmocka_unit_test(test_an_answer_that_does_not_fit_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
