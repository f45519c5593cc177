/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

/* cmocka wants these before it, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

/* Where each instruction takes long (under valgrind, tests/meson.build), what is the same code over
 * and over is run fewer times. */
static inline bool is_brief(void)
{
    return getenv("BRIEF") != NULL;
}

#endif
