/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/utf8.h"
#include "queue/fingerprint.h"

static void assert_masked(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(fingerprint_mask(text, strlen(text), &out), 0);
    assert_string_equal(buf_text(&out), expected);
    buf_finish(&out);
}

static void test_words_stay(void **state)
{
    (void)state;
    assert_masked("", "");
    assert_masked("No route to host", "No route to host");
    assert_masked("Cafe::add is deaf, beef and facade", "Cafe::add is deaf, beef and facade");
    assert_masked("decade faded", "decade faded");
    assert_masked("Größe ungültig: größer als erlaubt", "Größe ungültig: größer als erlaubt");
}

static void test_numbers(void **state)
{
    (void)state;
    assert_masked("Error number 17: 3 of 4", "Error number #: # of #");
    assert_masked("took 0.25 s, not 3", "took # s, not #");
    assert_masked("1,234,567 bytes", "# bytes");
    assert_masked("at -5 or 5, in a-5", "at # or #, in a-#");
    assert_masked("worker9 and worker12", "worker# and worker#");
    assert_masked("utf8mb4 in Mail.php:12.", "utf#mb# in Mail.php:#.");
    assert_masked("12:34:56", "#:#:#");
    assert_masked("2024-07-02 10:15:30", "#-#-# #:#:#");
}

static void test_hexadecimal(void **state)
{
    (void)state;
    assert_masked("object at 0x7f5c5656b950>", "object at #>");
    assert_masked("commit deadbee1 of 0XFF", "commit # of #");
    assert_masked("0x", "#x");
    assert_masked("0xyz", "#xyz");
}

static void test_identifiers(void **state)
{
    (void)state;
    assert_masked("job AP7Dknqeq5P6vcRI5d3t5 is gone", "job <uuid> is gone");
    assert_masked("user 123e4567-e89b-12d3-a456-426614174000.", "user <uuid>.");
    assert_masked("123e4567-e89b-12d3-a456-4266141740001", "#-e#b-#d#-a#-#");
    assert_masked("InternationalisierungX", "InternationalisierungX");
}

static void test_addresses(void **state)
{
    (void)state;
    assert_masked("<user1@example.com>: no such user", "<<address>>: no such user");
    assert_masked("sent to a.b+c@mail.example.org.", "sent to <address>.");
    assert_masked("root@localhost", "root@localhost");
    assert_masked("connect to 10.0.0.1:5432 failed", "connect to <address> failed");
    assert_masked("connect to 127.0.0.1: refused", "connect to <address>: refused");
    assert_masked("[::1]:80 and fe80::1 and 2001:db8:0:0:0:0:2:1",
                  "[<address>]:# and <address> and <address>");
    assert_masked("version 1.2.3", "version #");
    assert_masked("1.2.3.4.5", "#");
}

static void assert_same(const char *a, const char *b, bool same)
{
    struct fingerprint one, two;
    fingerprint_make(&one, "Mail", a);
    fingerprint_make(&two, "Mail", b);
    assert_int_equal(strcmp(one.id, two.id) == 0, same);
}

static void test_fingerprints(void **state)
{
    (void)state;
    struct fingerprint mail, fax;
    fingerprint_make(&mail, "Mail", "Error 7: no route to 10.0.0.1\n#0 a.php:7");
    fingerprint_make(&fax, "Fax", "Error 7: no route to 10.0.0.1\n#0 a.php:7");
    assert_string_equal(mail.pattern, "Error #: no route to <address>");
    assert_string_not_equal(mail.id, fax.id);
    assert_int_equal(strlen(mail.id), FINGERPRINT_SIZE - 1);
    assert_same("Error 7: x\n#0 a.php:7", "Error 81: x\n#0 b.php:9", true);
    assert_same("Error 7: x", "Error 7: y", false);
    assert_same("", "", true);
    assert_same("Traceback (most recent call last):\n  File \"a\"\nKeyError: 'a1'\n",
                "KeyError: 'a2'", true);
}

static void test_a_long_line_is_cut_between_characters(void **state)
{
    (void)state;
    struct fingerprint fingerprint;
    char text[1001];
    for (size_t i = 0; i < 1000; i += 2)
        memcpy(text + i, "ö", 2);
    text[1000] = '\0';
    fingerprint_make(&fingerprint, "Mail", text);
    size_t length = strlen(fingerprint.pattern);
    assert_int_equal(length, FINGERPRINT_PATTERN_MAX - 1);
    assert_true(utf8_is_valid(fingerprint.pattern, length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_stay),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hexadecimal),
        cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_a_long_line_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
