/* SPDX-License-Identifier: MIT */
#include "common/utf8.h"

#include <stdint.h>

/* The well-formed sequences (Unicode, table 3-7): a range of first bytes, and what the second may
 * be. All bytes after it are 80 to BF. */
static const struct {
    uint8_t first_min, first_max, second_min, second_max, length;
} sequences[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_length(const char *text, size_t left)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t row = 0;
    while (row < sizeof sequences / sizeof sequences[0] && bytes[0] > sequences[row].first_max)
        row++;
    if (row == sizeof sequences / sizeof sequences[0] || bytes[0] < sequences[row].first_min ||
        left < sequences[row].length)
        return 0;
    size_t length = sequences[row].length;
    if (length > 1 &&
        (bytes[1] < sequences[row].second_min || bytes[1] > sequences[row].second_max))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (!is_continuation(bytes[i]))
            return 0;
    }
    return length;
}

bool utf8_is_valid(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t sequence = utf8_length(text + at, length - at);
        if (sequence == 0)
            return false;
        at += sequence;
    }
    return true;
}

size_t utf8_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += !is_continuation((uint8_t)text[i]);
    return count;
}

int utf8_append_clean(struct buf *out, const char *text, size_t length)
{
    size_t clean = 0;
    int result = 0;
    while (clean < length && result == 0) {
        size_t sequence = text[clean] ? utf8_length(text + clean, length - clean) : 0;
        clean += sequence;
        if (sequence > 0)
            continue;
        result = buf_append(out, text, clean) < 0 ? -1 : buf_text_append(out, "\xef\xbf\xbd");
        text += clean + 1;
        length -= clean + 1;
        clean = 0;
    }
    return result < 0 ? -1 : buf_append(out, text, clean);
}
