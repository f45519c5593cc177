/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "supervisor/control/api_routes.h"

static const char *look_up(const void *context, const char *name)
{
    return name[0] == 'l' ? context : NULL;
}

/* METHOD PATH QUERY, a line each, then the body: whatever they are, a request or an error comes of
 * them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 4), *parts[4] = {text, "", "", ""};
    memcpy(text, data, size);
    for (int i = 1; i < 4; i++) {
        char *end = strchr(parts[i - 1], '\n');
        parts[i] = end ? end + 1 : parts[i - 1] + strlen(parts[i - 1]);
        if (end)
            *end = '\0';
    }
    struct err err = ERR_INIT;
    cJSON *request = cJSON_CreateObject();
    const struct api_route *route = api_find(parts[0], parts[1], request, &err);
    int result =
        route ? api_fill(route, look_up, parts[2], parts[3], strlen(parts[3]), request, &err) : -1;
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    cJSON_Delete(request);
    free(text);
    return 0;
}
