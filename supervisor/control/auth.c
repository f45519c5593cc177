/* SPDX-License-Identifier: MIT */
#include "supervisor/control/auth.h"

#include <crypt.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <sha.h>

#include "common/mem.h"
#include "common/supervisor_settings.h"

#define SHA_MARK_LEN (sizeof SHA_MARK - 1)

bool auth_same(const char *secret, const char *given)
{
    size_t secret_length = strlen(secret), length = strlen(given);
    unsigned difference = secret_length != length;
    for (size_t i = 0; i < length; i++)
        difference |=
            (unsigned char)given[i] ^ (unsigned char)secret[secret_length ? i % secret_length : 0];
    return difference == 0;
}

static bool is_sha(const char *configured)
{
    return strncmp(configured, SHA_MARK, SHA_MARK_LEN) == 0;
}

static bool is_crypt(const char *configured)
{
    return configured[0] == '$' && strchr(configured + 1, '$') != NULL;
}

static bool sha_is(const char *configured, const char *password)
{
    char digest[SHA_HEX_LEN + 1], wanted[SHA_HEX_LEN + 1];
    SHA1Data((const uint8_t *)password, strlen(password), digest);
    strncpy(wanted, configured + SHA_MARK_LEN, SHA_HEX_LEN);
    wanted[SHA_HEX_LEN] = '\0';
    for (char *at = wanted; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return auth_same(wanted, digest);
}

static bool crypt_is(const char *configured, const char *password)
{
    struct crypt_data *data = mem_new(1, sizeof *data); /* 32 KiB */
    const char *hashed = crypt_rn(password, configured, data, sizeof *data);
    bool same = hashed && auth_same(configured, hashed);
    explicit_bzero(data, sizeof *data);
    free(data);
    return same;
}

bool auth_password_is(const char *configured, const char *password)
{
    if (is_sha(configured))
        return sha_is(configured, password);
    if (is_crypt(configured))
        return crypt_is(configured, password);
    return auth_same(configured, password);
}
