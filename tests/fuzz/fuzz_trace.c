/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include "scaler/workload.h"

/* What is accepted as a trace is in order, finite and within its limits. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct workload *workload = workload_parse("fuzz", (const char *)bytes, size, &err);
    FUZZ_ASSERT((workload != NULL) == (err.code == ERR_NONE));
    for (size_t i = 0; workload && i < workload->arrival_count; i++) {
        const struct arrival *arrival = &workload->arrivals[i];
        FUZZ_ASSERT(arrival->at >= (i ? workload->arrivals[i - 1].at : 0));
        FUZZ_ASSERT(arrival->at < workload->length && arrival->work >= 0);
        FUZZ_ASSERT(arrival->queue < workload->queue_count);
    }
    FUZZ_ASSERT(!workload || workload->length <= WORKLOAD_LENGTH_MAX);
    workload_destroy(workload);
    return 0;
}
