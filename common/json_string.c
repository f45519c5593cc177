/* SPDX-License-Identifier: MIT */
#include "common/json_string.h"

#include "common/json.h"
#include "common/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char letter = (char)(digit | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

int json_hex(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(digits[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[length] | code);
    return length;
}

/* Decodes \uXXXX, or the pair that makes one character. */
static const char *decode_unicode(const char *at, char **out)
{
    uint32_t code = (uint32_t)json_hex(at + 2);
    at += 6;
    if (code >= 0xd800 && code < 0xdc00) {
        code = 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)json_hex(at + 2) - 0xdc00);
        at += 6;
    }
    *out += put_utf8(code, *out);
    return at;
}

static char decode_letter(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

size_t json_decode(const char *text, size_t length, char *out)
{
    char *start = out;
    const char *end = text + length;
    while (text < end) {
        const char *escape = memchr(text, '\\', (size_t)(end - text));
        size_t run = (size_t)((escape ? escape : end) - text);
        memcpy(out, text, run);
        out += run;
        text += run;
        if (!escape)
            break;
        if (escape[1] == 'u') {
            text = decode_unicode(escape, &out);
        } else {
            *out++ = decode_letter(escape[1]);
            text += 2;
        }
    }
    return (size_t)(out - start);
}

static int append_escape(struct buf *out, unsigned char byte)
{
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                   ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    if (letters[byte])
        return buf_append(out, (char[]){'\\', letters[byte]}, 2);
    return buf_printf(out, "\\u%04x", byte);
}

/* Appends what cannot go out as it is at the beginning of text. Returns the bytes that it covers, 0
 * past the cap. NUL is replaced too: a text with it would not be read again. */
static size_t append_special(struct buf *out, const char *text, size_t left)
{
    unsigned char byte = (unsigned char)*text;
    if (byte != 0 && byte < 0x80)
        return append_escape(out, byte) == 0 ? 1 : 0;
    size_t length = byte ? utf8_length(text, left) : 0;
    if (length == 0)
        return buf_append(out, REPLACEMENT, 3) == 0 ? 1 : 0;
    return buf_append(out, text, length) == 0 ? length : 0;
}

static int append_inside(struct buf *out, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *stop = json_plain_end(text, end);
        if (stop > text && buf_append(out, text, (size_t)(stop - text)) < 0)
            return -1;
        if (stop == end)
            break;
        size_t covered = append_special(out, stop, (size_t)(end - stop));
        if (covered == 0)
            return -1;
        text = stop + covered;
    }
    return 0;
}

int json_string_append(struct buf *out, const char *text, size_t length)
{
    size_t before = out->length;
    if (buf_append(out, "\"", 1) == 0 && append_inside(out, text, length) == 0 &&
        buf_append(out, "\"", 1) == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}
