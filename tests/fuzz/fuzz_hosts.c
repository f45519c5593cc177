/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/utf8.h"
#include "supervisor/scaling/host_document.h"
#include "supervisor/scaling/scaling.h"

static void check(const struct scaled *scaled)
{
    const struct crew sum = scaled_peers(scaled);
    FUZZ_ASSERT(sum.workers >= 0 && sum.ready >= 0 && sum.busy >= 0 && sum.boot >= 0);
    FUZZ_ASSERT(scaled->order.workers >= ORDER_NONE && scaled->order.workers <= 1000);
    FUZZ_ASSERT(utf8_is_valid(scaled->order.reason, strlen(scaled->order.reason)));
}

/* Whatever another host has left in the store, what is taken from it is within bounds and can be
 * shown. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pool pool = {.queue = "emails", .connection = "main"};
    struct scaling scaling = {.host = "us"};
    struct hosts hosts = {.scaling = &scaling, .connection = "main"};
    struct decision decision = {0};
    cJSON *document = json_parse((const char *)bytes, size, NULL);
    if (!document)
        return 0;
    struct scaled *scaled = scaled_create(&pool);
    scaled->follows_load = true;
    scaling.queues = scaled;
    scaling.stores = &hosts;
    for (int i = 0; i < 2; i++) {
        host_document_begin(&hosts);
        host_document_hear(&hosts, "other", document);
        host_document_end(&hosts, i == 0);
        check(scaled);
    }
    if (host_document_decision(document, "emails", &decision)) {
        FUZZ_ASSERT(decision.to >= 0 && decision.to <= 1000);
        FUZZ_ASSERT(utf8_is_valid(decision.reason, strlen(decision.reason)));
    }
    scaled_destroy(scaled);
    cJSON_Delete(document);
    return 0;
}
