/* SPDX-License-Identifier: MIT */
#include "supervisor/control/access.h"

#include <string.h>
#include <strings.h>

#include "supervisor/control/auth.h"

#define JSON_TYPE "application/json"

static bool is_user(const char *name, const char *password, const struct access_request *request)
{
    if (!name[0] || !request->user)
        return false;
    /* both are looked at, so that the time does not tell whether the name is right */
    bool name_is = auth_same(name, request->user);
    bool password_is = auth_password_is(password, request->password ? request->password : "");
    return name_is && password_is;
}

static bool is_json(const char *content_type)
{
    size_t length = strlen(JSON_TYPE);
    return content_type && strncasecmp(content_type, JSON_TYPE, length) == 0 &&
           (content_type[length] == '\0' || content_type[length] == ';');
}

bool access_is_forged(const struct access_request *request)
{
    const char *site = request->fetch_site;
    if (!request->changes)
        return false;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return true;
    return !is_json(request->content_type);
}

enum access_verdict access_judge(const struct access_rules *rules,
                                 const struct access_request *request)
{
    bool is_open = !rules->username[0];
    bool is_operator = is_open || is_user(rules->username, rules->password, request);
    if (!is_operator && !is_user(rules->reader, rules->reader_password, request))
        return ACCESS_UNKNOWN;
    if ((request->changes && !is_operator) || access_is_forged(request))
        return ACCESS_FORBIDDEN;
    return ACCESS_GRANTED;
}
