/* SPDX-License-Identifier: MIT */
#include "supervisor/control/base64.h"

#include <string.h>

/* 0 to 63, or -1 for what is not of the alphabet. */
static int sextet_of(char character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = character ? strchr(alphabet, character) : NULL;
    return place ? (int)(place - alphabet) : -1;
}

int base64_decode(const char *text, size_t length, char *bytes, size_t *size)
{
    unsigned bits = 0, digits = 0, pads = 0; /* of the four characters that make three bytes */
    *size = 0;
    for (size_t i = 0; i < length; i++) {
        int sextet = sextet_of(text[i]);
        if (text[i] == '=' && digits >= 2 && digits + ++pads >= 4)
            return 0;
        if (sextet < 0)
            continue;
        pads = 0;
        bits = (bits << 6 | (unsigned)sextet) & 0xfff;
        if (digits > 0)
            bytes[(*size)++] = (char)(bits >> (6 - 2 * digits));
        digits = (digits + 1) % 4;
    }
    return digits == 0 ? 0 : -1;
}
