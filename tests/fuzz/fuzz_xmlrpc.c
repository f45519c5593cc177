/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include "supervisor/control/xmlrpc.h"

/* What was read can be written, within what was read. */
static void write_value(struct xmlrpc_writer *out, const struct xmlrpc_value *value)
{
    for (const struct xmlrpc_value *item = value->first; item; item = item->next)
        write_value(out, item);
    if (value->text)
        xmlrpc_put_text(out, value->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct xmlrpc_call call;
    struct err err = ERR_INIT;
    if (xmlrpc_parse_call((const char *)data, size, &arena, &call, &err) == 0) {
        struct buf text;
        buf_init(&text, 1u << 20);
        struct xmlrpc_writer writer = {.buf = &text};
        write_value(&writer, &call.params);
        buf_finish(&text);
    }
    arena_finish(&arena);
    return 0;
}
