/* SPDX-License-Identifier: MIT */

/* An application that pushes jobs with libmuster, and looks at their queues:
 *
 *     cc -o app app.c $(pkg-config --cflags --libs muster) && ./app [muster.ini]
 */
#include <inttypes.h>
#include <stdio.h>

#include <muster/muster.h>

/* One job now, and one in five minutes. */
static int push_two(struct muster *muster, struct muster_error *error)
{
    char uuid[MUSTER_UUID_SIZE];
    if (muster_push(muster, "SendEmail", "{\"to\":\"ann@example.com\"}", "emails", uuid, error) < 0)
        return -1;
    printf("pushed %s\n", uuid);
    return muster_later(muster, 300000, "SendReminder", "{\"user_id\":123}", "emails", NULL, error);
}

/* Many at once; the order number keeps an order from being processed twice at a time. */
static int push_many(struct muster *muster, struct muster_error *error)
{
    const struct muster_job jobs[] = {
        {.job = "ProcessOrder", .data = "{\"order_id\":1}", .unique_key = "order 1"},
        {.job = "ProcessOrder", .data = "{\"order_id\":1}", .unique_key = "order 1"},
        {.job = "ProcessOrder", .data = "{\"order_id\":2}", .unique_key = "order 2", .priority = 5},
    };
    struct muster_pushed pushed[3];
    if (muster_bulk(muster, jobs, 3, "orders", pushed, NULL, error) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        printf("order: %s\n",
               pushed[i].state == MUSTER_STORED ? pushed[i].uuid : "is there already");
    return 0;
}

static int show(struct muster *muster, struct muster_error *error)
{
    struct muster_stats stats;
    struct muster_health health;
    if (muster_stats(muster, NULL, &stats, error) < 0)
        return -1;
    printf("%" PRIu64 " jobs, %" PRIu64 " of them delayed, in %zu queues\n", stats.total,
           stats.delayed, stats.queue_count);
    muster_stats_finish(&stats);
    if (muster_test_connection(muster, NULL, &health, error) < 0)
        return -1;
    printf("%s: %s\n", health.connection, health.message);
    return 0;
}

int main(int argc, char **argv)
{
    struct muster_error error = MUSTER_ERROR_INIT;
    struct muster *muster = muster_open(argc > 1 ? argv[1] : NULL, &error);
    int result = 0;
    if (push_two(muster, &error) < 0 || push_many(muster, &error) < 0 || show(muster, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        result = 1;
    }
    muster_close(muster);
    return result;
}
