/* SPDX-License-Identifier: MIT */
#ifndef SCALER_BUDGET_H
#define SCALER_BUDGET_H

#include <stddef.h>
#include <stdint.h>

/*
 * Dividing what all queues may have together: each gets its minimum first, in their order, then
 * each further worker goes to the queue that is worst off, by how long its backlog would take with
 * those that it has, measured by its promise and its weight.
 */
struct claim {
    int64_t min;    /* workers that it gets first */
    int64_t wanted; /* it gets no more than this */
    double work;    /* seconds of work that wait and run */
    double promise; /* seconds */
    double weight;
    int64_t given; /* out */
};

/* Fills in what each of count claims is given; together that is at most total (negative: 0). */
void budget_divide(struct claim *claims, size_t count, int64_t total);

#endif
