/* SPDX-License-Identifier: MIT */

/* Texts that few set: NULL where they are not, so that they cost nothing. */
#include "common/key_types.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const char *text_of(const void *value)
{
    const char *text = *(char *const *)value;
    return text ? text : "";
}

int key_optional_store(const char *text, void *value, struct err *err)
{
    if (text[0])
        return key_text_line(text, value, err);
    key_text_finish(value);
    return 0;
}

int key_optional_print(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    return buf_text_append(out, text_of(value));
}

void key_optional_copy(void *to, const void *from)
{
    char *copy = text_of(from)[0] ? mem_strdup(text_of(from)) : NULL;
    key_text_finish(to);
    *(char **)to = copy;
}

bool key_optional_equal(const void *a, const void *b)
{
    return strcmp(text_of(a), text_of(b)) == 0;
}
