/* SPDX-License-Identifier: MIT */
#include "worker/plugin/answers.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"

#define FLUSH_SIZE  32768 /* so much goes at once */
#define FLUSH_NS    1000000
#define KEPT_SIZE   65536
#define ANSWERS_MAX (SIZE_MAX / 4) /* what a job pushes stays until it has ended */

struct answers {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    struct buf out;
    int fd;
    bool is_closing;
    bool is_thread_waiting; /* for something to be sent */
};

static void send_all(struct answers *answers)
{
    struct buf *out = &answers->out;
    if (out->length > 0 && fd_write_all(answers->fd, buf_text(out), out->length) < 0)
        _exit(EXIT_FAILURE);
    buf_clear(out);
    buf_trim(out, KEPT_SIZE);
}

static void *flush_in_time(void *data)
{
    static const struct timespec pause = {.tv_nsec = FLUSH_NS};
    struct answers *answers = data;
    pthread_mutex_lock(&answers->mutex);
    while (!answers->is_closing) {
        answers->is_thread_waiting = true;
        while (answers->out.length == 0 && !answers->is_closing)
            pthread_cond_wait(&answers->news, &answers->mutex);
        answers->is_thread_waiting = false;
        pthread_mutex_unlock(&answers->mutex);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&answers->mutex);
        send_all(answers);
    }
    pthread_mutex_unlock(&answers->mutex);
    return NULL;
}

struct answers *answers_start(int fd, struct err *err)
{
    struct answers *answers = mem_new(1, sizeof *answers);
    buf_init(&answers->out, ANSWERS_MAX);
    answers->fd = fd;
    pthread_mutex_init(&answers->mutex, NULL);
    pthread_cond_init(&answers->news, NULL);
    /* signals are the plugin's, in the main thread */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int cause = pthread_create(&answers->thread, NULL, flush_in_time, answers);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (cause == 0)
        return answers;
    err_errno(err, cause, "cannot start a thread");
    free(answers);
    return NULL;
}

void answers_finish(struct answers *answers)
{
    if (!answers)
        return;
    pthread_mutex_lock(&answers->mutex);
    answers->is_closing = true;
    send_all(answers);
    pthread_cond_signal(&answers->news);
    pthread_mutex_unlock(&answers->mutex);
    pthread_join(answers->thread, NULL);
    pthread_cond_destroy(&answers->news);
    pthread_mutex_destroy(&answers->mutex);
    buf_finish(&answers->out);
    free(answers);
}

struct buf *answers_take(struct answers *answers)
{
    pthread_mutex_lock(&answers->mutex);
    return &answers->out;
}

void answers_release(struct answers *answers)
{
    if (answers->out.length >= FLUSH_SIZE)
        send_all(answers);
    else if (answers->is_thread_waiting && answers->out.length > 0)
        pthread_cond_signal(&answers->news);
    pthread_mutex_unlock(&answers->mutex);
}

void answers_flush(struct answers *answers)
{
    pthread_mutex_lock(&answers->mutex);
    send_all(answers);
    pthread_mutex_unlock(&answers->mutex);
}
