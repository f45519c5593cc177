/* SPDX-License-Identifier: MIT */
#include "drivers/redis/fault.h"

#include <string.h>

/* The words that errors begin with. */
static const struct {
    const char *code;
    enum fault fault;
    enum err_code err;
    const char *cure; /* what to say beside Redis' own words, or NULL */
} known[] = {
    {"NOSCRIPT", FAULT_NO_SCRIPT, ERR_UNAVAILABLE, NULL},
    {"LOADING", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"BUSY", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"TRYAGAIN", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"CLUSTERDOWN", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"ASK", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"NOREPLICAS", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"ERR max number of clients reached", FAULT_LATER, ERR_UNAVAILABLE, NULL},
    {"READONLY", FAULT_ELSEWHERE, ERR_UNAVAILABLE, NULL},
    {"MASTERDOWN", FAULT_ELSEWHERE, ERR_UNAVAILABLE, NULL},
    {"MOVED", FAULT_ELSEWHERE, ERR_UNAVAILABLE, NULL},
    {"OOM", FAULT_FINAL, ERR_FULL, "nothing was stored; raise maxmemory, or drain the queues"},
    {"MISCONF", FAULT_FINAL, ERR_FULL, "nothing was stored"},
    {"NOAUTH", FAULT_FINAL, ERR_INVALID, "set username and password of the connection"},
    {"WRONGPASS", FAULT_FINAL, ERR_INVALID, "check username and password of the connection"},
    {"NOPERM", FAULT_FINAL, ERR_INVALID, "docs/stores.md says what the ACL user needs"},
    {"CROSSSLOT", FAULT_FINAL, ERR_INVALID, "give the prefix a hash tag, as in {queue}:"},
    {"WRONGTYPE", FAULT_FINAL, ERR_INVALID,
     "another program has keys of this prefix; set prefix of the connection"},
    {"CONFLICT", FAULT_FINAL, ERR_CONFLICT, NULL},
    {"NOTFOUND", FAULT_FINAL, ERR_NOT_FOUND, NULL},
};

/* Our own scripts' codes are not shown. */
static const char *words_of(const struct reply *reply, enum err_code code)
{
    const char *space = strchr(reply->text, ' ');
    return (code == ERR_CONFLICT || code == ERR_NOT_FOUND) && space ? space + 1 : reply->text;
}

enum fault redis_fault_of(const struct reply *reply, struct err *err)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return FAULT_NONE;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!redis_reply_is_error(reply, known[i].code))
            continue;
        if (known[i].cure)
            err_set(err, known[i].err, "Redis: %.300s (%s)", reply->text, known[i].cure);
        else
            err_set(err, known[i].err, "%.400s", words_of(reply, known[i].err));
        return known[i].fault;
    }
    err_set(err, ERR_SYSTEM, "Redis: %.400s", reply->text);
    return FAULT_FINAL;
}

const char *redis_fault_moved_to(const struct reply *reply)
{
    if (!redis_reply_is_error(reply, "MOVED"))
        return NULL;
    const char *last = strrchr(reply->text, ' ');
    return last ? last + 1 : NULL;
}
