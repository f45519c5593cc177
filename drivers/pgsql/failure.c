/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/failure.h"

#include <string.h>

/* A state, or with fewer than five characters a class of them; the first row that matches holds. */
static const struct {
    const char *sqlstate;
    enum err_code code;
} codes[] = {
    {SQLSTATE_BATCH_CLOSED, ERR_CONFLICT},
    {"08", ERR_UNAVAILABLE},    /* connection exception */
    {"25006", ERR_UNAVAILABLE}, /* read-only: not the primary, or not yet */
    {"40", ERR_UNAVAILABLE},    /* deadlock, serialization failure */
    {"53100", ERR_FULL},        /* disk full */
    {"53200", ERR_FULL},        /* out of memory */
    {"53", ERR_UNAVAILABLE},    /* too many connections … */
    {"54", ERR_LIMIT},          /* a limit of the server */
    {"55P03", ERR_UNAVAILABLE}, /* a lock was not to be had */
    {"57", ERR_UNAVAILABLE},    /* statement timeout, shutdown, starting up … */
    {"58", ERR_UNAVAILABLE},    /* the server's own system failed */
    {"22021", ERR_INVALID},     /* bytes that the database's encoding does not have */
    {"22P05", ERR_INVALID},
    {"42501", ERR_INVALID}, /* no permission */
    {"0A000", ERR_INVALID},
};

static bool is(const char *sqlstate, const char *wanted)
{
    return sqlstate && strcmp(sqlstate, wanted) == 0;
}

static bool has_class(const char *sqlstate, const char *class)
{
    return sqlstate && strncmp(sqlstate, class, strlen(class)) == 0;
}

bool pg_failure_is_read_only(const char *sqlstate)
{
    return is(sqlstate, "25006");
}

bool pg_failure_ends_session(const char *sqlstate)
{
    return has_class(sqlstate, "08") || has_class(sqlstate, "57P") ||
           pg_failure_is_read_only(sqlstate);
}

bool pg_failure_is_stale_plan(const char *sqlstate)
{
    return is(sqlstate, "0A000") || is(sqlstate, "26000");
}

bool pg_failure_allows_repetition(const char *sqlstate)
{
    return has_class(sqlstate, "40") || is(sqlstate, "23505") ||
           pg_failure_ends_session(sqlstate) || pg_failure_is_stale_plan(sqlstate);
}

enum err_code pg_failure_code(const char *sqlstate)
{
    if (!sqlstate)
        return ERR_UNAVAILABLE; /* from libpq itself: the connection broke */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (has_class(sqlstate, codes[i].sqlstate))
            return codes[i].code;
    return ERR_SYSTEM;
}

const char *pg_failure_line(const char *text, char line[FAILURE_LINE_SIZE])
{
    size_t length = 0;
    for (; *text && length < FAILURE_LINE_SIZE - 2; text++) {
        if (*text == '\n' && text[1] == '\0')
            break;
        if (*text == '\n')
            line[length++] = ';';
        line[length++] = *text == '\n' || *text == '\t' ? ' ' : *text;
    }
    line[length] = '\0';
    return line;
}

int pg_failure_set(const PGresult *result, struct err *err)
{
    char line[FAILURE_LINE_SIZE];
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    pg_failure_line(message ? message : PQresultErrorMessage(result), line);
    enum err_code code = pg_failure_code(sqlstate);
    if (code == ERR_SYSTEM)
        return err_set(err, code, "%s (SQLSTATE %s)", line, sqlstate);
    return err_set(err, code, "%s", line);
}
