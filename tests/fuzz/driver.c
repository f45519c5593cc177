/* SPDX-License-Identifier: MIT */

/*
 * Runs a fuzz target without libFuzzer, so that it is part of the ordinary tests: over each file of
 * a corpus directory as it is, then over mutations of them, the same ones every time.
 *
 *     fuzz-ini DIRECTORY [ROUNDS [SEED]]
 *
 * An input that ends the process is left in the file crash-input of the current directory.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define INPUT_MAX 65536
#define EDITS_MAX 8

struct input {
    uint8_t *bytes;
    size_t size;
};

struct corpus {
    struct input *inputs;
    size_t count;
};

static struct input running; /* for the signal handler */

static void save_running(int number)
{
    int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0)
        fd_write_all(fd, running.bytes, running.size);
    signal(number, SIG_DFL);
    raise(number);
}

static void run(uint8_t *bytes, size_t size)
{
    running = (struct input){bytes, size};
    LLVMFuzzerTestOneInput(bytes, size);
}

/* xorshift64: good enough for this, and the same everywhere. */
static size_t random_below(uint64_t *state, size_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return limit ? (size_t)((*state >> 16) % limit) : 0;
}

static int load_corpus(const char *directory, struct corpus *corpus)
{
    struct dirent **names;
    int count = scandir(directory, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = mem_printf("%s/%s", directory, names[i]->d_name);
        char *text;
        size_t size;
        if (names[i]->d_name[0] != '.' && fd_read_file(path, INPUT_MAX, &text, &size, NULL) == 0) {
            corpus->inputs = mem_resize(corpus->inputs, corpus->count + 1, sizeof *corpus->inputs);
            corpus->inputs[corpus->count++] = (struct input){(uint8_t *)text, size};
        }
        free(path);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return corpus->count > 0 ? 0 : -1;
}

/* Replaces a part of bytes by a part of another input. Returns the new size, at most INPUT_MAX. */
static size_t mix(uint8_t *bytes, size_t size, const struct input *other, uint64_t *state)
{
    size_t from = random_below(state, other->size + 1);
    size_t length = random_below(state, other->size - from + 1);
    size_t at = random_below(state, size + 1);
    size_t dropped = random_below(state, size - at + 1);
    if (size - dropped + length > INPUT_MAX)
        return size;
    memmove(bytes + at + length, bytes + at + dropped, size - at - dropped);
    memcpy(bytes + at, other->bytes + from, length);
    return size - dropped + length;
}

static size_t mutate(uint8_t *bytes, const struct corpus *corpus, uint64_t *state)
{
    const struct input *base = &corpus->inputs[random_below(state, corpus->count)];
    size_t size = base->size;
    memcpy(bytes, base->bytes, size);
    for (size_t edits = random_below(state, EDITS_MAX) + 1; edits > 0; edits--) {
        if (random_below(state, 2))
            size = mix(bytes, size, &corpus->inputs[random_below(state, corpus->count)], state);
        else if (size > 0)
            bytes[random_below(state, size)] = (uint8_t)random_below(state, 256);
    }
    return size;
}

static void run_mutations(const struct corpus *corpus, long rounds, uint64_t seed)
{
    static uint8_t room[INPUT_MAX];
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (long round = 0; round < rounds; round++) {
        size_t size = mutate(room, corpus, &state);
        /* A copy of its exact size, so that a read past the end is noticed by the sanitizers. */
        uint8_t *bytes = mem_new(size, 1);
        memcpy(bytes, room, size);
        run(bytes, size);
        free(bytes);
    }
}

int main(int argc, char **argv)
{
    struct corpus corpus = {0};
    if (argc < 2 || load_corpus(argv[1], &corpus) < 0) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY [ROUNDS [SEED]]\n", argv[0]);
        return 2;
    }
    signal(SIGABRT, save_running);
    signal(SIGSEGV, save_running);
    for (size_t i = 0; i < corpus.count; i++)
        run(corpus.inputs[i].bytes, corpus.inputs[i].size);
    long rounds = argc > 2 ? atol(argv[2]) : 0;
    run_mutations(&corpus, rounds, argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    printf("%zu inputs, %ld mutations\n", corpus.count, rounds);
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.inputs[i].bytes);
    free(corpus.inputs);
    return 0;
}
