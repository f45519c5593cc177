/* SPDX-License-Identifier: MIT */
#include "common/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"

#define THREAD_STACK (256u << 10)

/* A look-up, shared by the caller and its thread; who is last frees it. */
struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    bool is_abandoned; /* the caller has gone on */
    int result;        /* of getaddrinfo */
    struct resolved resolved;
    char service[8];
    char host[];
};

static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static int running;

static bool begin_thread(void)
{
    pthread_mutex_lock(&count_lock);
    bool may = running < RESOLVE_THREADS_MAX;
    running += may;
    pthread_mutex_unlock(&count_lock);
    return may;
}

static void end_thread(void)
{
    pthread_mutex_lock(&count_lock);
    running--;
    pthread_mutex_unlock(&count_lock);
}

static int look_up(const char *host, const char *service, int flags, struct resolved *out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = flags | AI_NUMERICSERV | AI_ADDRCONFIG};
    const struct addrinfo numeric = {.ai_socktype = SOCK_STREAM,
                                     .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list;
    out->count = 0;
    int result = getaddrinfo(host, service, flags & AI_NUMERICHOST ? &numeric : &hints, &list);
    if (result != 0)
        return result;
    for (const struct addrinfo *one = list; one && out->count < RESOLVE_ADDRESSES_MAX;
         one = one->ai_next) {
        memcpy(&out->addresses[out->count], one->ai_addr, one->ai_addrlen);
        out->lengths[out->count++] = one->ai_addrlen;
    }
    freeaddrinfo(list);
    return out->count > 0 ? 0 : EAI_NONAME;
}

static struct lookup *lookup_new(const char *host, const char *service)
{
    struct lookup *lookup = mem_new(1, sizeof *lookup + strlen(host) + 1);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&lookup->lock, NULL);
    pthread_cond_init(&lookup->done, &attributes);
    pthread_condattr_destroy(&attributes);
    strcpy(lookup->host, host);
    snprintf(lookup->service, sizeof lookup->service, "%s", service);
    return lookup;
}

static void lookup_free(struct lookup *lookup)
{
    pthread_mutex_destroy(&lookup->lock);
    pthread_cond_destroy(&lookup->done);
    free(lookup);
}

static void *run(void *argument)
{
    struct lookup *lookup = argument;
    struct resolved resolved;
    int result = look_up(lookup->host, lookup->service, 0, &resolved);
    pthread_mutex_lock(&lookup->lock);
    lookup->result = result;
    lookup->resolved = resolved;
    lookup->is_done = true;
    bool is_last = lookup->is_abandoned;
    pthread_cond_signal(&lookup->done);
    pthread_mutex_unlock(&lookup->lock);
    if (is_last)
        lookup_free(lookup);
    end_thread();
    return NULL;
}

/* The thread takes no signals: they belong to whoever waits for them. */
static int start(struct lookup *lookup)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread, &attributes, run, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return result;
}

/* Waits for the thread. Returns its result, or EAI_AGAIN when the time is over; the look-up belongs
 * to the thread then. */
static int wait_for(struct lookup *lookup, int64_t deadline_ms, struct resolved *out)
{
    const struct timespec until = {.tv_sec = deadline_ms / 1000,
                                   .tv_nsec = deadline_ms % 1000 * 1000000};
    int waited = 0;
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->is_done && waited == 0)
        waited = pthread_cond_timedwait(&lookup->done, &lookup->lock, &until);
    bool is_done = lookup->is_done;
    int result = is_done ? lookup->result : EAI_AGAIN;
    lookup->is_abandoned = !is_done;
    *out = lookup->resolved;
    pthread_mutex_unlock(&lookup->lock);
    if (is_done)
        lookup_free(lookup);
    return result;
}

static int look_up_in_time(const char *host, const char *service, int64_t deadline_ms,
                           struct resolved *out)
{
    if (!begin_thread())
        return EAI_AGAIN;
    struct lookup *lookup = lookup_new(host, service);
    if (start(lookup) == 0)
        return wait_for(lookup, deadline_ms, out);
    lookup_free(lookup);
    end_thread();
    return EAI_AGAIN;
}

int resolve_host(const char *host, int port, int64_t deadline_ms, struct resolved *out,
                 struct err *err)
{
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    int result = look_up(host, service, AI_NUMERICHOST, out);
    if (result == EAI_NONAME)
        result = look_up_in_time(host, service, deadline_ms, out);
    if (result == 0)
        return 0;
    return err_set(err, ERR_UNAVAILABLE, "cannot find the host %.200s: %s", host,
                   gai_strerror(result));
}
