/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/result.h"

#include <endian.h>
#include <string.h>

bool pg_result_is_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0;
}

int32_t pg_result_int(const PGresult *result, int row, int column)
{
    uint32_t wire;
    if (pg_result_is_null(result, row, column))
        return 0;
    memcpy(&wire, PQgetvalue(result, row, column), sizeof wire);
    return (int32_t)be32toh(wire);
}

int64_t pg_result_bigint(const PGresult *result, int row, int column)
{
    uint64_t wire;
    if (pg_result_is_null(result, row, column))
        return 0;
    memcpy(&wire, PQgetvalue(result, row, column), sizeof wire);
    return (int64_t)be64toh(wire);
}

int64_t pg_result_place(const PGresult *result, int row, int column)
{
    uint32_t page;
    uint16_t number;
    const char *bytes = PQgetvalue(result, row, column);
    memcpy(&page, bytes, sizeof page);
    memcpy(&number, bytes + sizeof page, sizeof number);
    return (int64_t)be32toh(page) << 16 | be16toh(number);
}

double pg_result_double(const PGresult *result, int row, int column, double fallback)
{
    double value;
    if (pg_result_is_null(result, row, column))
        return fallback;
    int64_t wire = pg_result_bigint(result, row, column);
    memcpy(&value, &wire, sizeof value);
    return value;
}

bool pg_result_bool(const PGresult *result, int row, int column)
{
    return !pg_result_is_null(result, row, column) && PQgetvalue(result, row, column)[0] != 0;
}

const char *pg_result_text(const PGresult *result, int row, int column, const char *fallback)
{
    return pg_result_is_null(result, row, column) ? fallback : PQgetvalue(result, row, column);
}

char *pg_result_copy(const PGresult *result, int row, int column, struct arena *arena)
{
    if (pg_result_is_null(result, row, column))
        return NULL;
    return arena_strndup(arena, PQgetvalue(result, row, column),
                         (size_t)PQgetlength(result, row, column));
}
