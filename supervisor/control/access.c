/* SPDX-License-Identifier: MIT */
#include "supervisor/control/access.h"

#include <string.h>
#include <strings.h>

#include "supervisor/control/auth.h"

/* That no form and no simple request of a page can carry. */
static const char *const safe_types[] = {"application/json", "text/xml", "application/xml"};

static bool is_user(const char *name, const char *password, const struct access_request *request)
{
    if (!name[0] || !request->user)
        return false;
    /* both are looked at, so that the time does not tell whether the name is right */
    bool name_is = auth_same(name, request->user);
    bool password_is = auth_password_is(password, request->password ? request->password : "");
    return name_is && password_is;
}

static bool has_token(const struct access_rules *rules, const struct access_request *request)
{
    return rules->token[0] && request->token && auth_same(rules->token, request->token);
}

static bool is_safe(const char *content_type)
{
    size_t length = content_type ? strcspn(content_type, "; ") : 0;
    for (size_t i = 0; i < sizeof safe_types / sizeof safe_types[0]; i++)
        if (length == strlen(safe_types[i]) &&
            strncasecmp(content_type, safe_types[i], length) == 0)
            return true;
    return false;
}

bool access_is_forged(const struct access_request *request)
{
    const char *site = request->fetch_site;
    if (!request->changes)
        return false;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return true;
    return !is_safe(request->content_type);
}

enum access_verdict access_judge(const struct access_rules *rules,
                                 const struct access_request *request, enum access_role *role)
{
    bool is_open = !rules->username[0] && !rules->token[0];
    bool is_operator =
        is_open || has_token(rules, request) || is_user(rules->username, rules->password, request);
    if (!is_operator && !is_user(rules->reader, rules->reader_password, request))
        return ACCESS_UNKNOWN;
    *role = is_operator ? ACCESS_OPERATOR : ACCESS_READER;
    if ((request->changes && !is_operator) || access_is_forged(request))
        return ACCESS_FORBIDDEN;
    return ACCESS_GRANTED;
}
