/* SPDX-License-Identifier: MIT */
#include "common/process_limits.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/key_types.h"
#include "common/mem.h"

#define CLASS_SHIFT     13
#define CLASS_IDLE      3
#define PRIORITY_LEVELS 8
#define PRIORITY_USUAL  4

static int parse_part(const char *text, bool is_size, rlim_t *value, struct err *err)
{
    static const struct key range = {.name = "limit", .fallback = "0", .min = 0, .max = INT64_MAX};
    const struct key_type_operations *type = is_size ? &key_bytes : &key_integer;
    int64_t number;
    *value = RLIM_INFINITY;
    if (strcasecmp(text, "unlimited") == 0 || strcasecmp(text, "infinity") == 0)
        return 0;
    if (type->parse(&range, text, &number, NULL) < 0)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is not a limit; write %s, unlimited, or SOFT:HARD", text,
                       is_size ? "a size like 512MB" : "a number");
    *value = (rlim_t)number;
    return 0;
}

int rlimit_parse(const char *text, bool is_size, struct rlimit *limit, struct err *err)
{
    const char *colon = strchr(text, ':');
    char *soft = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
    int result = parse_part(soft, is_size, &limit->rlim_cur, err);
    free(soft);
    limit->rlim_max = limit->rlim_cur;
    if (result == 0 && colon)
        result = parse_part(colon + 1, is_size, &limit->rlim_max, err);
    if (result == 0 && limit->rlim_cur > limit->rlim_max)
        return err_set(err, ERR_INVALID, "the soft limit of \"%.80s\" is above the hard one", text);
    return result;
}

int ionice_parse(const char *text, int *priority, struct err *err)
{
    static const char *const classes[] = {"none", "realtime", "best-effort", "idle"};
    size_t length = strcspn(text, ":");
    const char *level = text[length] == ':' ? text + length + 1 : NULL;
    int number = PRIORITY_USUAL;
    for (int class = 1; class <= CLASS_IDLE; class ++) {
        if (strlen(classes[class]) != length || strncasecmp(text, classes[class], length) != 0)
            continue;
        if (level && class != CLASS_IDLE && level[0] >= '0' && level[0] < '0' + PRIORITY_LEVELS &&
            level[1] == '\0')
            number = level[0] - '0';
        else if (level)
            break;
        *priority = class << CLASS_SHIFT | (class == CLASS_IDLE ? 0 : number);
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "\"%.80s\" is no class of input and output; write idle, best-effort:0 to 7 or "
                   "realtime:0 to 7",
                   text);
}
