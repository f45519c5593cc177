/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys.h"
#include "common/settings.h"

struct values {
    char *text;
    char *command;
    int64_t number;
    int64_t pause;
    int64_t size;
    int color;
    bool flag;
    int64_t bytes;
    int64_t processors;
    uint32_t set;
    int mode;
    int signal;
    struct exit_codes codes;
    char *user;
    char *owner;
    char *file;
    char *directory;
    char *log;
};

static const char *const colors[] = {"red", "green|lime", NULL};
#define AT(member) .offset = offsetof(struct values, member)
static const struct key keys[] = {
    {.name = "text",
     .alias = "words",
     .type = KEY_STRING,
     AT(text),
     .fallback = "hi",
     .reload = RELOAD_NONE},
    {.name = "command", .type = KEY_COMMAND, AT(command), .fallback = "", .reload = RELOAD_RESTART},
    {.name = "number",
     .type = KEY_INTEGER,
     AT(number),
     .fallback = "1",
     .min = -5,
     .max = 10,
     .variable = "MUSTER_TEST_NUMBER",
     .reload = RELOAD_WORKERS},
    {.name = "pause",
     .type = KEY_DURATION,
     AT(pause),
     .fallback = "1.5",
     .min = 0,
     .max = 86400000},
    {.name = "size",
     .type = KEY_MEGABYTES,
     AT(size),
     .fallback = "2",
     .min = 0,
     .max = INT64_C(1) << 40},
    {.name = "color", .type = KEY_CHOICE, AT(color), .fallback = "green", .choices = colors},
    {.name = "flag", .type = KEY_BOOLEAN, AT(flag), .fallback = "yes"},
    {.name = "bytes",
     .type = KEY_BYTES,
     AT(bytes),
     .fallback = "50MB",
     .min = 0,
     .max = INT64_C(1) << 40},
    {.name = "processors",
     .type = KEY_PROCESSORS,
     AT(processors),
     .fallback = "0",
     .min = 0,
     .max = 1024000},
    {.name = "set", .type = KEY_SET, AT(set), .fallback = "", .choices = colors},
    {.name = "mode", .type = KEY_OCTAL, AT(mode), .fallback = "", .max = 0777},
    {.name = "signal", .type = KEY_SIGNAL, AT(signal), .fallback = "TERM"},
    {.name = "codes", .type = KEY_EXIT_CODES, AT(codes), .fallback = "0"},
    {.name = "user", .type = KEY_USER, AT(user), .fallback = ""},
    {.name = "owner", .type = KEY_OWNER, AT(owner), .fallback = ""},
    {.name = "file", .type = KEY_FILE, AT(file), .fallback = ""},
    {.name = "directory", .type = KEY_DIRECTORY, AT(directory), .fallback = ""},
    {.name = "log", .type = KEY_LOG_FILE, AT(log), .fallback = "AUTO"},
};
#undef AT
static const struct key_table table = {
    .section = "test", .keys = keys, .key_count = sizeof keys / sizeof keys[0]};

/* Sets one key of otherwise default values; returns how the value is written, or the error's text.
 */
static const char *set(const char *name, const char *text)
{
    static char result[ERR_TEXT_MAX];
    struct err err = ERR_INIT;
    struct values values = {0};
    struct buf out;
    buf_init(&out, 1000);
    keys_set_defaults(&table, &values);
    if (keys_set(&table, &values, name, text, &err) == 0)
        assert_int_equal(keys_print_value(keys_find(&table, name), &values, &out), 0);
    snprintf(result, sizeof result, "%s%s", buf_text(&out), err.text);
    buf_finish(&out);
    keys_finish(&table, &values);
    return result;
}

static void test_values_are_read_and_written(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"words", "a b", "a b"},
        {"number", "-5", "-5"},
        {"number", "007", "7"},
        {"pause", "90", "90"},
        {"pause", "1m30s", "90"},
        {"pause", "0.25", "250ms"},
        {"pause", "1.5h", "5400"},
        {"pause", "1d", "86400"},
        {"size", "1GB", "1024"},
        {"size", "512kb", "512KB"},
        {"size", "0.5", "512KB"},
        {"color", "LIME", "green"},
        {"flag", "Off", "no"},
        {"flag", "1", "yes"},
        {"command", "a 'b c'", "a 'b c'"},
        {"number", "+5", "5"},
        {"processors", "0", "0"},
        {"processors", "1.5", "1.5"},
        {"processors", "150%", "1.5"},
        {"processors", "33.3%", "0.333"},
        {"processors", "0.010", "0.01"},
        {"processors", "1024", "1024"},
        {"bytes", "0", "0"},
        {"bytes", "1000", "1000"},
        {"bytes", "5 mb", "5MB"},
        {"bytes", "2048KB", "2MB"},
        {"set", "", ""},
        {"set", "lime", "green"},
        {"set", " Green ,red", "red,green"},
        {"mode", "22", "0022"},
        {"mode", "0o700", "0700"},
        {"mode", "", ""},
        {"signal", "sigusr1", "USR1"},
        {"signal", "15", "TERM"},
        {"signal", "RTMIN", "RTMIN"},
        {"signal", "40", "40"},
        {"signal", "CLD", "CHLD"},
        {"codes", "", ""},
        {"codes", "2, 0,255", "0,2,255"},
        {"user", "0", "0"},
        {"owner", "root:0", "root:0"},
        {"file", "/tmp/x", "/tmp/x"},
        {"file", "x", "x"},
        {"file", "~root", "/root"},
        {"directory", "/tmp", "/tmp"},
        {"log", "none", "NONE"},
        {"log", "OFF", "NONE"},
        {"log", "auto", "AUTO"},
        {"log", "Syslog", "syslog"},
        {"log", "/tmp/x.log", "/tmp/x.log"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(set(cases[i][0], cases[i][1]), cases[i][2]);
}

static void test_wrong_values_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"number", "11", "number: out of range; write -5 to 10"},
        {"number", "1x", "number: \"1x\" is not a whole number; write one, e.g. 1"},
        {"number", "", "number: \"\" is not a whole number; write one, e.g. 1"},
        {"number", "99999999999999999999",
         "number: \"99999999999999999999\" is not a whole number; "
         "write one, e.g. 1"},
        {"pause", "2d", "pause: out of range; write 0 to 86400 (seconds, or 10ms 1m30s 2h 1d)"},
        {"color", "blue", "color: \"blue\" is not one of its values; write one of red, green"},
        {"flag", "maybe",
         "flag: \"maybe\" is not a yes or no; write yes, true, on, 1, no, false, "
         "off or 0"},
        {"text", "a\x1b[0m", "text: the value has a control character (0x1b)"},
        {"text", "\xff", "text: the value is not UTF-8"},
        {"processors", "0.009",
         "processors: out of range; write 0 to 1024 (processors, at least 0.01; or 50%, 150% of "
         "one)"},
        {"processors", "1025",
         "processors: out of range; write 0 to 1024 (processors, at least 0.01; or 50%, 150% of "
         "one)"},
        {"processors", "half",
         "processors: \"half\" is no share of processors; write processors, e.g. 1.5, or per cent of "
         "one, e.g. 50%"},
        {"processors", "50%%",
         "processors: \"50%%\" is no share of processors; write processors, e.g. 1.5, or per cent of "
         "one, e.g. 50%"},
        {"processors", "", "processors: \"\" is no share of processors; write processors, e.g. 1.5, or "
                           "per cent of one, e.g. 50%"},
        {"bytes", "-1", "bytes: \"-1\" is not a size; write bytes, or KB, MB, GB, e.g. 50MB"},
        {"bytes", "1 KB 2",
         "bytes: \"1 KB 2\" is not a size; write bytes, or KB, MB, GB, e.g. 50MB"},
        {"set", "red,", "set: \"\" is not one of its values; write some of red, green"},
        {"set", "red green",
         "set: \"red green\" is not one of its values; write some of red, green"},
        {"mode", "1000", "mode: \"1000\" is not such a number; write octal digits, e.g. 022"},
        {"mode", "0o", "mode: \"0o\" is not such a number; write octal digits, e.g. 022"},
        {"mode", "8", "mode: \"8\" is not such a number; write octal digits, e.g. 022"},
        {"signal", "0",
         "signal: \"0\" is not a signal; write its name or number, e.g. TERM, HUP, 10"},
        {"codes", "0,",
         "codes: \"0,\" are not exit statuses; write numbers from 0 to 255, e.g. 0,2"},
        {"codes", "256",
         "codes: \"256\" are not exit statuses; write numbers from 0 to 255, e.g. 0,2"},
        {"user", "nobody at all",
         "user: there is no user nobody at all; write the name or number of one that there is"},
        {"owner", "root:none such",
         "owner: there is no group none such; write the name or number of one that there is"},
        {"file", "/none/x",
         "file: /none is not a directory that exists; make it, or name another one"},
        {"directory", "/none",
         "directory: /none is not a directory that exists; make it, or name another one"},
        {"log", "/none/x",
         "log: /none is not a directory that exists; make it, or name another one"},
        {"nubmer", "1", "nubmer: there is no such key; did you mean number?"},
        {"unheard_of", "1",
         "unheard_of: there is no such key; the keys are text, command, number, "
         "pause, size, color, flag, bytes, processors, set, mode, signal, codes, user, owner, file, directory, "
         "log"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(set(cases[i][0], cases[i][1]), cases[i][2]);
    static const char *const times[] = {
        "-1", "1x", "1m30", "ms", "", ".", "1.", "1e3", " 1", "0.0001", "9999999999999d", "1 s"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_non_null(strstr(set("pause", times[i]), "is not a time"));
}

static void remember(void *context, const struct key *key)
{
    strcat(context, key->name);
    strcat(context, " ");
}

static void test_compare_finds_what_changed_and_what_it_needs(void **state)
{
    (void)state;
    struct values a = {0}, b = {0};
    char changed[100] = "";
    keys_set_defaults(&table, &a);
    keys_copy(&table, &b, &a);
    assert_int_equal(keys_compare(&table, &a, &b, remember, changed), -1);
    assert_int_equal(keys_set(&table, &b, "text", "other", NULL), 0);
    assert_int_equal(keys_compare(&table, &a, &b, NULL, NULL), RELOAD_NONE);
    assert_int_equal(keys_set(&table, &b, "number", "2", NULL), 0);
    assert_int_equal(keys_compare(&table, &a, &b, remember, changed), RELOAD_WORKERS);
    assert_string_equal(changed, "text number ");
    keys_finish(&table, &a);
    keys_finish(&table, &b);
}

static void test_a_refused_value_keeps_the_old_one(void **state)
{
    (void)state;
    struct values values = {0};
    keys_set_defaults(&table, &values);
    assert_int_equal(keys_set(&table, &values, "command", "x 'y", NULL), -1);
    assert_int_equal(keys_set(&table, &values, "number", "99", NULL), -1);
    assert_string_equal(values.command, "");
    assert_int_equal(values.number, 1);
    keys_finish(&table, &values);
}

static void test_packed_values_say_the_same(void **state)
{
    (void)state;
    struct values a = {0}, b = {0};
    char room[100];
    keys_set_defaults(&table, &a);
    assert_int_equal(keys_set(&table, &a, "command", "run it", NULL), 0);
    assert_int_equal(keys_set(&table, &a, "owner", "root", NULL), 0);
    keys_copy(&table, &b, &a);
    assert_int_equal(keys_packed_size(&table, &b), sizeof "run it" + sizeof "root");
    assert_ptr_equal(keys_pack(&table, &b, room), room + sizeof "run it" + sizeof "root");
    assert_int_equal(keys_compare(&table, &a, &b, NULL, NULL), -1);
    assert_ptr_equal(b.command, room);
    assert_ptr_equal(b.text, keys_find(&table, "text")->fallback);
    keys_finish(&table, &a);
}

static void test_environment_variables(void **state)
{
    (void)state;
    struct values values = {0};
    struct err err = ERR_INIT;
    keys_set_defaults(&table, &values);
    setenv("MUSTER_TEST_NUMBER", "", 1);
    assert_int_equal(keys_set_from_environment(&table, &values, NULL, &err), 0);
    assert_int_equal(values.number, 1);
    setenv("MUSTER_TEST_NUMBER", "4", 1);
    assert_int_equal(keys_set_from_environment(&table, &values, NULL, &err), 0);
    assert_int_equal(values.number, 4);
    unsetenv("MUSTER_TEST_NUMBER");
    keys_finish(&table, &values);
}

/* keys_set_defaults does not report: this is where it is known that it cannot fail. */
static void test_every_default_of_every_table_is_valid(void **state)
{
    (void)state;
    for (size_t i = 0; settings_tables[i]; i++) {
        for (size_t k = 0; k < settings_tables[i]->key_count; k++) {
            const struct key *key = &settings_tables[i]->keys[k];
            uint64_t room[sizeof(struct queue_settings) + sizeof(struct program_section)] = {0};
            struct err err = ERR_INIT;
            assert_int_equal(keys_set(settings_tables[i], room, key->name, key->fallback, &err), 0);
            keys_finish(settings_tables[i], room);
            assert_non_null(key->help);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_read_and_written),
        cmocka_unit_test(test_wrong_values_are_refused),
        cmocka_unit_test(test_compare_finds_what_changed_and_what_it_needs),
        cmocka_unit_test(test_a_refused_value_keeps_the_old_one),
        cmocka_unit_test(test_packed_values_say_the_same),
        cmocka_unit_test(test_environment_variables),
        cmocka_unit_test(test_every_default_of_every_table_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
