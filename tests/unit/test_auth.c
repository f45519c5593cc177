/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/control/auth.h"

static void test_plain(void **state)
{
    (void)state;
    assert_true(auth_password_is("secret", "secret"));
    assert_false(auth_password_is("secret", "secre"));
    assert_false(auth_password_is("secret", "secretsecret"));
    assert_false(auth_password_is("secret", ""));
    assert_false(auth_password_is("", "x"));
    assert_true(auth_password_is("", ""));
}

static void test_sha(void **state)
{
    (void)state;
    static const char sha[] = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"; /* thepassword */
    assert_true(auth_password_is(sha, "thepassword"));
    assert_true(auth_password_is("{SHA}82AB876D1387BFAFE46CC1C8A2EF074EAE50CB1D", "thepassword"));
    assert_false(auth_password_is(sha, "thePassword"));
    assert_false(auth_password_is(sha, sha));
}

static void test_crypt(void **state)
{
    (void)state;
    static const char hash[] = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    assert_true(auth_password_is(hash, "Hello world!"));
    assert_false(auth_password_is(hash, "hello world!"));
    assert_false(auth_password_is(hash, hash));
    assert_false(auth_password_is("$nothing$known", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_sha),
        cmocka_unit_test(test_crypt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
