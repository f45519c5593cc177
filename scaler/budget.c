/* SPDX-License-Identifier: MIT */
#include "scaler/budget.h"

static int64_t lower(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* How badly off a queue is. */
static double need_of(const struct claim *claim)
{
    double workers = claim->given > 0 ? (double)claim->given : 0.5;
    return claim->work / workers / claim->promise * claim->weight;
}

static struct claim *neediest(struct claim *claims, size_t count)
{
    struct claim *found = NULL;
    for (size_t i = 0; i < count; i++) {
        struct claim *claim = &claims[i];
        if (claim->given < claim->wanted && (!found || need_of(claim) > need_of(found)))
            found = claim;
    }
    return found;
}

void budget_divide(struct claim *claims, size_t count, int64_t total)
{
    int64_t left = total > 0 ? total : 0;
    for (size_t i = 0; i < count; i++) {
        claims[i].given = lower(lower(claims[i].min, claims[i].wanted), left);
        left -= claims[i].given;
    }
    for (struct claim *claim; left > 0 && (claim = neediest(claims, count)); left--)
        claim->given++;
}
