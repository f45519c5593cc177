/* SPDX-License-Identifier: MIT */
#include "worker/chain.h"

#include "common/buf.h"

struct split {
    struct json_slice *first, *rest;
};

static int take_element(void *context, const struct json_slice *element, struct err *err)
{
    (void)err;
    struct split *split = context;
    struct json_slice *rest = split->rest;
    if (!split->first->text) {
        *split->first = *element;
        return 0;
    }
    if (!rest->text)
        rest->text = element->text;
    rest->length = (size_t)(element->text + element->length - rest->text);
    return 0;
}

bool chain_split(const struct json_slice *array, struct json_slice *first, struct json_slice *rest)
{
    struct split split = {first, rest};
    *first = *rest = (struct json_slice){0};
    return json_scan_array(array->text, array->length, take_element, &split, NULL) == 0 &&
           first->text;
}

/* A job of a chain may bring a chain of its own, which comes before what is left of this one. */
static void set_chain(struct attempt *attempt, struct job *next, const struct json_slice *rest)
{
    if (rest->length == 0)
        return;
    struct json_slice own = {0}, after = {0};
    if (next->chain.text)
        chain_split(&next->chain, &own, &after);
    struct buf text;
    buf_init(&text, own.length + after.length + rest->length + 8);
    buf_text_append(&text, "[");
    if (own.length > 0)
        buf_printf(&text, "%.*s,", (int)own.length, own.text);
    if (after.length > 0)
        buf_printf(&text, "%.*s,", (int)after.length, after.text);
    buf_append(&text, rest->text, rest->length);
    buf_text_append(&text, "]");
    struct arena *arena = &attempt_details(attempt)->arena;
    next->chain = (struct json_slice){arena_strndup(arena, buf_text(&text), text.length),
                                      text.length, JSON_ARRAY};
    buf_finish(&text);
}

int chain_push_next(struct attempt *attempt, const struct settings *settings, struct err *err)
{
    struct json_slice first, rest;
    if (!chain_split(&attempt->job->chain, &first, &rest))
        return 0;
    struct job *next = attempt_add_push(attempt, settings, &first, err);
    if (!next)
        return -1;
    set_chain(attempt, next, &rest);
    return 0;
}
