/* SPDX-License-Identifier: MIT */
#include "cli/shell/line.h"

#include <fcntl.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/shell/complete.h"
#include "common/fd.h"
#include "common/mem.h"

#define HISTORY_LINES 1000

struct line_reader {
    const struct line_options *options;
    EditLine *edit; /* NULL where there is no terminal */
    History *history;
    char *line;
    size_t size;
    bool is_interrupted;
};

static struct line_reader *reader_of(EditLine *edit)
{
    void *reader = NULL;
    el_get(edit, EL_CLIENTDATA, &reader);
    return reader;
}

static char *prompt_of(EditLine *edit)
{
    return (char *)reader_of(edit)->options->prompt;
}

/* --- keys --- */

/* Ctrl-C: what was typed is forgotten. */
static unsigned char on_interrupt(EditLine *edit, int key)
{
    (void)key;
    const LineInfo *line = el_line(edit);
    el_cursor(edit, (int)(line->lastchar - line->cursor));
    el_deletestr(edit, (int)(el_line(edit)->lastchar - el_line(edit)->buffer));
    reader_of(edit)->is_interrupted = true;
    return CC_NEWLINE;
}

static void list(const struct completions *completions)
{
    putchar('\n');
    for (size_t i = 0; i < completions->count; i++)
        printf("%s  ", completions->list[i]);
    putchar('\n');
    fflush(stdout);
}

/* Puts in what all have in common; a word that is whole is followed by a space. */
static unsigned char insert(EditLine *edit, const struct completions *completions, size_t typed)
{
    size_t common = completions_common(completions);
    const char *word = completions->list[0];
    bool is_whole = completions->count == 1 && word[common - 1] != '=';
    if (common <= typed && !is_whole) {
        list(completions);
        return CC_REDISPLAY;
    }
    char *rest = mem_strndup(word + typed, common - typed);
    el_insertstr(edit, rest);
    if (is_whole)
        el_insertstr(edit, " ");
    free(rest);
    return CC_REFRESH;
}

static unsigned char on_tab(EditLine *edit, int key)
{
    (void)key;
    const LineInfo *line = el_line(edit);
    struct line_reader *reader = reader_of(edit);
    struct shell_names names = {0};
    struct completions completions = {0};
    char *before = mem_strndup(line->buffer, (size_t)(line->cursor - line->buffer));
    if (strpbrk(before, " \t"))
        shell_names_collect(&names, reader->options->settings);
    size_t typed = complete_line(before, &names, &completions);
    unsigned char result =
        completions.count > 0 ? insert(edit, &completions, typed) : (unsigned char)CC_REFRESH_BEEP;
    completions_finish(&completions);
    shell_names_finish(&names);
    free(before);
    return result;
}

/* --- the reader --- */

static void load_history(struct line_reader *reader)
{
    HistEvent event;
    reader->history = history_init();
    history(reader->history, &event, H_SETSIZE, HISTORY_LINES);
    history(reader->history, &event, H_SETUNIQUE, 1);
    if (reader->options->history)
        history(reader->history, &event, H_LOAD, reader->options->history);
    el_set(reader->edit, EL_HIST, history, reader->history);
}

static void open_terminal(struct line_reader *reader)
{
    EditLine *edit = reader->edit = el_init("muster", stdin, stdout, stderr);
    el_set(edit, EL_CLIENTDATA, reader);
    el_set(edit, EL_PROMPT, prompt_of);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 1); /* the terminal is given back where a signal ends us */
    load_history(reader);
    el_set(edit, EL_ADDFN, "complete", "complete the word", on_tab);
    el_set(edit, EL_ADDFN, "discard", "forget the line", on_interrupt);
    el_set(edit, EL_BIND, "^I", "complete", NULL);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(edit, NULL); /* ~/.editrc */
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(edit, EL_BIND, "^C", "discard", NULL);
}

struct line_reader *line_reader_create(const struct line_options *options)
{
    struct line_reader *reader = mem_new(1, sizeof *reader);
    reader->options = options;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        open_terminal(reader);
    return reader;
}

static void take(struct line_reader *reader, const char *text)
{
    free(reader->line);
    reader->line = mem_strndup(text, strcspn(text, "\r\n"));
}

static const char *read_terminal(struct line_reader *reader)
{
    HistEvent event;
    int count = 0;
    reader->is_interrupted = false;
    const char *text = el_gets(reader->edit, &count);
    if (reader->is_interrupted) {
        putchar('\n');
        take(reader, "");
        return reader->line;
    }
    if (!text || count <= 0)
        return NULL;
    take(reader, text);
    if (reader->line[strspn(reader->line, " \t")])
        history(reader->history, &event, H_ENTER, text);
    return reader->line;
}

const char *line_read(struct line_reader *reader)
{
    if (reader->edit)
        return read_terminal(reader);
    ssize_t length = getline(&reader->line, &reader->size, stdin);
    if (length < 0)
        return NULL;
    reader->line[strcspn(reader->line, "\n")] = '\0';
    return reader->line;
}

/* Commands may hold what is nobody else's business. */
static void save_history(const struct line_reader *reader)
{
    HistEvent event;
    const char *path = reader->options->history;
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        history(reader->history, &event, H_SAVE, path);
    fd_close(&fd);
}

void line_reader_destroy(struct line_reader *reader)
{
    if (!reader)
        return;
    if (reader->edit) {
        save_history(reader);
        history_end(reader->history);
        el_end(reader->edit);
    }
    free(reader->line);
    free(reader);
}
