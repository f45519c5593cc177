/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_AUTH_H
#define SUPERVISOR_CONTROL_AUTH_H

#include <stdbool.h>

/*
 * Passwords as they are configured: plain, {SHA} and the hexadecimal SHA-1 (as Supervisor has it),
 * or a string of crypt(3) ("$y$…"), which is the one to choose. Pure, but for the time that crypt
 * takes.
 */

/* True where the password is the configured one. Takes the same time wherever they differ. */
bool auth_password_is(const char *configured, const char *password);

/* True where both texts are the same, in a time that depends on the length of `given` alone. */
bool auth_same(const char *secret, const char *given);

#endif
