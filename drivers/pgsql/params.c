/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/params.h"

#include <endian.h>
#include <string.h>

/* Types by their numbers, which are the same in every PostgreSQL (pg_type.dat). */
static const int32_t type_numbers[] = {
    [PARAMS_INT] = 23,  [PARAMS_BIGINT] = 20, [PARAMS_DOUBLE] = 701,
    [PARAMS_TEXT] = 25, [PARAMS_TID] = 27,
};

void pg_params_init(struct params *params)
{
    params->count = 0;
    params->is_cut = false;
    buf_init(&params->bytes, PARAMS_BYTES_MAX);
}

void pg_params_finish(struct params *params)
{
    buf_finish(&params->bytes);
    params->count = 0;
}

static void append(struct params *params, const void *bytes, size_t length)
{
    if (buf_append(&params->bytes, bytes, length) < 0)
        params->is_cut = true;
}

static void append_int(struct params *params, int32_t value)
{
    uint32_t wire = htobe32((uint32_t)value);
    append(params, &wire, sizeof wire);
}

static void append_bigint(struct params *params, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);
    append(params, &wire, sizeof wire);
}

static void begin(struct params *params)
{
    params->items[params->count].at = params->bytes.length;
    params->items[params->count].is_null = false;
}

static void end(struct params *params)
{
    size_t at = params->items[params->count].at;
    params->items[params->count++].length = (int)(params->bytes.length - at);
}

void pg_params_null(struct params *params)
{
    begin(params);
    params->items[params->count].is_null = true;
    end(params);
}

void pg_params_bytes(struct params *params, const char *text, size_t length)
{
    begin(params);
    append(params, text, length);
    end(params);
}

void pg_params_text(struct params *params, const char *text)
{
    if (text)
        pg_params_bytes(params, text, strlen(text));
    else
        pg_params_null(params);
}

void pg_params_int(struct params *params, int32_t value)
{
    begin(params);
    append_int(params, value);
    end(params);
}

void pg_params_bigint(struct params *params, int64_t value)
{
    begin(params);
    append_bigint(params, value);
    end(params);
}

/* The head of an array: dimensions, whether nulls may be there, the type; of the one dimension its
 * size and its first index. */
void pg_params_array(struct params *params, enum params_type type, size_t count)
{
    begin(params);
    append_int(params, count > 0);
    append_int(params, 1);
    append_int(params, type_numbers[type]);
    if (count == 0)
        return;
    append_int(params, (int32_t)count);
    append_int(params, 1);
}

void pg_params_put_int(struct params *params, int32_t value)
{
    append_int(params, sizeof value);
    append_int(params, value);
}

void pg_params_put_bigint(struct params *params, int64_t value)
{
    append_int(params, sizeof value);
    append_bigint(params, value);
}

void pg_params_put_double(struct params *params, double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    pg_params_put_bigint(params, bits);
}

void pg_params_put_tid(struct params *params, uint32_t page, uint16_t number)
{
    uint32_t page_wire = htobe32(page);
    uint16_t number_wire = htobe16(number);
    append_int(params, sizeof page_wire + sizeof number_wire);
    append(params, &page_wire, sizeof page_wire);
    append(params, &number_wire, sizeof number_wire);
}

void pg_params_put_bytes(struct params *params, const char *text, size_t length)
{
    append_int(params, (int32_t)length);
    append(params, text, length);
}

void pg_params_put_null(struct params *params)
{
    append_int(params, -1);
}

void pg_params_put_text(struct params *params, const char *text)
{
    if (text)
        pg_params_put_bytes(params, text, strlen(text));
    else
        pg_params_put_null(params);
}

void pg_params_array_end(struct params *params)
{
    end(params);
}

/* A signature, no flags, no more of a head. */
void pg_params_copy_begin(struct params *params)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    append(params, head, sizeof head);
}

void pg_params_copy_row(struct params *params, int16_t fields)
{
    uint16_t wire = htobe16((uint16_t)fields);
    append(params, &wire, sizeof wire);
}

void pg_params_copy_end(struct params *params)
{
    pg_params_copy_row(params, -1);
}

int pg_params_take(const struct params *params, struct params_view *view, struct err *err)
{
    if (params->is_cut)
        return err_set(err, ERR_LIMIT, "one call to the store may carry %zu MB",
                       PARAMS_BYTES_MAX >> 20);
    const char *bytes = buf_text(&params->bytes);
    for (int i = 0; i < params->count; i++) {
        view->values[i] = params->items[i].is_null ? NULL : bytes + params->items[i].at;
        view->lengths[i] = params->items[i].length;
        view->formats[i] = 1;
    }
    return 0;
}
