/* SPDX-License-Identifier: MIT */
#include "cli/top/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/self.h"
#include "common/fd.h"
#include "common/mem.h"

#define OUTPUT_MAX 65536

static char *join(char *const argv[])
{
    char *text = mem_strdup("");
    for (size_t i = 0; argv[i]; i++) {
        char *longer = mem_printf("%s%s%s", text, i > 0 ? " " : "", argv[i]);
        free(text);
        text = longer;
    }
    return text;
}

int run_start(struct run *run, const char *config, char *const argv[], struct err *err)
{
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    int result = self_start(config, argv, ends[1], &run->pid, err);
    fd_close(&ends[1]);
    if (result < 0) {
        fd_close(&ends[0]);
        return -1;
    }
    fd_set_nonblocking(ends[0], true);
    run->output = ends[0];
    buf_init(&run->text, OUTPUT_MAX);
    run->words = join(argv);
    return 0;
}

bool run_read(struct run *run, int *status)
{
    char unwanted[4096];
    ssize_t got;
    do {
        got = buf_full(&run->text) ? read(run->output, unwanted, sizeof unwanted)
                                   : buf_read(&run->text, run->output, sizeof unwanted);
    } while (got > 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    *status = self_wait(run->pid);
    return true;
}

void run_take(struct run *run, char *line, size_t size)
{
    const char *text = buf_text(&run->text), *end = text + run->text.length;
    while (end > text && end[-1] == '\n')
        end--;
    const char *begin = end;
    while (begin > text && begin[-1] != '\n')
        begin--;
    snprintf(line, size, "%s: %.*s", run->words, (int)(end - begin), begin);
    run_finish(run);
}

void run_finish(struct run *run)
{
    if (run->output < 0)
        return;
    fd_close(&run->output);
    buf_finish(&run->text);
    free(run->words);
    run->words = NULL;
}
