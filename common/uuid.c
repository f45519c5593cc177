/* SPDX-License-Identifier: MIT */
#include "common/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define TIME_SYMBOLS 8
#define POOL_SIZE    256

/* Added to the milliseconds, so that the first symbol is 'A' (until the year 2109, then 'B' …)
 * where it would be
 * '-': an identifier that begins with a dash is taken for an option by every command line. */
#define TIME_BASE (UINT64_C(11) << 42)

static const char symbols[64] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/* A system call a pool instead of one an identifier; each thread has its own. The pid tells a forked
 * process to throw away what it inherited, or both would hand out the same. */
static _Thread_local struct {
    unsigned char bytes[POOL_SIZE];
    size_t used;
    pid_t pid;
} pool;

static void refill(void)
{
    size_t filled = 0;
    while (filled < POOL_SIZE) {
        ssize_t got = getrandom(pool.bytes + filled, POOL_SIZE - filled, 0);
        if (got < 0 && errno != EINTR) {
            perror("muster: getrandom");
            abort();
        }
        filled += got > 0 ? (size_t)got : 0;
    }
    pool.used = 0;
    pool.pid = getpid();
}

static unsigned char random_byte(void)
{
    if (pool.used == POOL_SIZE)
        refill();
    return pool.bytes[pool.used++];
}

void uuid_random(char *text, size_t length)
{
    if (pool.pid != getpid())
        refill();
    for (size_t i = 0; i < length; i++)
        text[i] = symbols[random_byte() & 63];
    text[length] = '\0';
}

void uuid_make(char uuid[UUID_SIZE], int64_t wall_ms)
{
    uint64_t time = TIME_BASE + (uint64_t)wall_ms;
    for (int i = TIME_SYMBOLS - 1; i >= 0; i--) {
        uuid[i] = symbols[time & 63];
        time >>= 6;
    }
    uuid_random(uuid + TIME_SYMBOLS, UUID_LENGTH - TIME_SYMBOLS);
}

bool uuid_valid(const char *text, size_t length)
{
    if (length == 0 || length > UUID_TEXT_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}
