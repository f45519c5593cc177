/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "supervisor/programs/listener_protocol.h"

/* Lets a listener say something; a ! in the text stands for an event that is sent to it. Returns
 * the news as letters. */
static const char *news_of(const char *text, enum listener_state *state)
{
    static char letters[100];
    static const char letter_of[] = {
        [LISTENER_GETS_READY] = 'r',
        [LISTENER_TAKES_EVENT] = 't',
        [LISTENER_REJECTS_EVENT] = 'j',
        [LISTENER_BREAKS_RULES] = 'b',
    };
    struct listener_protocol protocol;
    char *end = letters;
    listener_protocol_init(&protocol);
    for (; *text; text++) {
        if (*text == '!')
            listener_protocol_sent(&protocol);
        else
            listener_protocol_hear(&protocol, text, 1);
        enum listener_news news;
        while ((news = listener_protocol_news(&protocol)) != LISTENER_SAYS_NOTHING)
            *end++ = letter_of[news];
    }
    *end = '\0';
    *state = protocol.state;
    listener_protocol_finish(&protocol);
    return letters;
}

static void test_what_a_listener_says(void **state)
{
    (void)state;
    static const struct {
        const char *said, *news;
        enum listener_state state;
    } cases[] = {
        {"READ", "", LISTENER_ACKNOWLEDGED},
        {"READY\n", "r", LISTENER_READY},
        {"READY\n!RESULT 2\nOK", "rt", LISTENER_ACKNOWLEDGED},
        {"READY\n!RESULT 2\nOKREADY\n", "rtr", LISTENER_READY},
        {"READY\n!RESULT 4\nFAILREADY\n", "rjr", LISTENER_READY},
        {"READY\n!RESULT 0\n", "rj", LISTENER_ACKNOWLEDGED},
        {"READY\n!RESULT 2\nO", "r", LISTENER_BUSY},
        {"hello\n", "b", LISTENER_UNKNOWN},
        {"READY\nX", "rb", LISTENER_UNKNOWN},
        {"READY\n!RESULT x\n", "rb", LISTENER_UNKNOWN},
        {"READY\n!RESULT \n", "rb", LISTENER_UNKNOWN},
        {"READY\n!RESULT 99999999\n", "rb", LISTENER_UNKNOWN},
        {"READY\n!0123456789012345678901234567890123456789012345678901234567890123456789", "rb",
         LISTENER_UNKNOWN},
        {"hello\nREADY\n", "b", LISTENER_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum listener_state end;
        assert_string_equal(news_of(cases[i].said, &end), cases[i].news);
        assert_int_equal(end, cases[i].state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_a_listener_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
