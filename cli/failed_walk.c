/* SPDX-License-Identifier: MIT */
#include "cli/failed_walk.h"

#include <stdio.h>
#include <string.h>

#include "common/uuid.h"

/* A page on its way. */
struct page {
    struct failed_walk *walk;
    char last[UUID_TEXT_SIZE]; /* behind which the next one begins */
    size_t count;
    uint64_t left; /* matching ones that are wanted still; UINT64_MAX: all */
    bool is_over;
};

static int visit(void *context, const struct failed_job *failed)
{
    struct page *page = context;
    struct failed_walk *walk = page->walk;
    struct fingerprint fingerprint;
    snprintf(page->last, sizeof page->last, "%s", failed->uuid);
    page->count++;
    walk->seen++;
    fingerprint_make(&fingerprint, failed->name, failed->exception);
    if (walk->fingerprint && strcmp(walk->fingerprint, fingerprint.id) != 0)
        return 0;
    if (page->left != UINT64_MAX)
        page->left--;
    page->is_over = walk->each(walk->context, failed, &fingerprint) != 0 || page->left == 0;
    return page->is_over;
}

int failed_walk(struct failed_walk *walk, uint64_t limit, struct err *err)
{
    const struct queue_connection *connection = walk->connection;
    struct failed_filter filter = walk->filter;
    struct page page = {.walk = walk, .left = limit > 0 ? limit : UINT64_MAX};
    filter.limit = (size_t)connection->settings->batch_size;
    do {
        char after[UUID_TEXT_SIZE];
        memcpy(after, page.last, sizeof after);
        filter.after_uuid = *after ? after : NULL;
        page.count = 0;
        if (connection->driver->failed_list(connection->store, &filter, visit, &page, err) < 0)
            return -1;
    } while (!page.is_over && page.count >= filter.limit);
    return 0;
}

int failed_check_fingerprint(const char *text, struct err *err)
{
    if (strlen(text) == FINGERPRINT_SIZE - 1 &&
        strspn(text, "0123456789abcdef") == FINGERPRINT_SIZE - 1)
        return 0;
    return err_set(
        err, ERR_INVALID,
        "--fingerprint=%s: it has %d digits of 0-9 a-f, as queue:failed --group shows them", text,
        FINGERPRINT_SIZE - 1);
}
