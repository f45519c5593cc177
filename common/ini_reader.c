/* SPDX-License-Identifier: MIT */

/*
 * Reading one text. inih takes the lines, through a reader of ours that knows the dialect: Debian's
 * inih cuts lines at 200 bytes and takes the tail for a new line, cuts names at 49, and does not
 * tell line numbers or continuations. So the reader decides by configparser's rules what a line is,
 * hands it over in pieces that fit, as
 *
 *     [s]        a section
 *     k=|text|   a piece of a value; the guards keep white space at a cut, and what follows it, as
 * it is
 *
 * and keeps in struct reader what inih cannot carry: true names, the line number, where a value
 * begins.
 */
#include "common/ini_document.h"

#include <ctype.h>
#include <ini.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/utf8.h"

#define NOWHERE    SIZE_MAX
#define FRAME_SIZE 6 /* k = | | newline NUL */

/* A part of the text. */
struct span {
    const char *text;
    size_t length;
};

enum piece { PIECE_NONE, PIECE_SECTION, PIECE_VALUE };

struct reader {
    struct ini *ini;
    const char *file;
    struct err *err;

    struct span rest; /* of the text */
    int line;         /* of the line that was read last, from 1 */
    size_t indent;    /* of the last line that was no continuation */
    size_t section;   /* index, or NOWHERE before the first */

    struct ini_key key; /* being read; name is NULL between a section's head and its first key */
    struct buf value;   /* of key, so far */

    enum piece piece; /* what inih gets next */
    struct span text; /* of the value, not handed over yet */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static struct span trim(const char *text, size_t length)
{
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    while (length > 0 && is_blank(text[0]))
        text++, length--;
    return (struct span){text, length};
}

static size_t indent_of(struct span line)
{
    size_t indent = 0;
    while (indent < line.length && is_blank(line.text[indent]))
        indent++;
    return indent;
}

static int refuse(struct reader *reader, const char *what)
{
    return err_set(reader->err, ERR_INVALID, "%s:%d: %s", reader->file, reader->line, what);
}

/* Takes the next line off the rest. Lines end as in Python: with LF, CR or both. */
static bool take_line(struct reader *reader, struct span *line)
{
    struct span *rest = &reader->rest;
    if (rest->length == 0)
        return false;
    line->text = rest->text;
    line->length = 0;
    while (line->length < rest->length && !is_line_end(rest->text[line->length]))
        line->length++;
    size_t taken = line->length;
    if (taken + 1 < rest->length && rest->text[taken] == '\r' && rest->text[taken + 1] == '\n')
        taken++;
    taken += taken < rest->length;
    rest->text += taken;
    rest->length -= taken;
    reader->line++;
    return true;
}

static int check_bytes(struct reader *reader, struct span line)
{
    for (size_t i = 0; i < line.length; i++) {
        unsigned char byte = (unsigned char)line.text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return err_set(reader->err, ERR_INVALID,
                           "%s:%d: control character 0x%02x at column %zu; remove it", reader->file,
                           reader->line, byte, i + 1);
    }
    if (!utf8_is_valid(line.text, line.length))
        return refuse(reader, "the line is not UTF-8");
    return 0;
}

/* Where a comment begins: 0 where the whole line is one, NOWHERE where there is none. configparser
 * looks for one `;` and one `#` at a time and stops at the first round in which either begins a
 * comment, so a comment may hide behind a mark that begins none ("a;b ;c #d" is cut at #). */
static size_t comment_start(struct span line)
{
    static const char marks[] = {';', '#'};
    struct span content = trim(line.text, line.length);
    if (content.length > 0 && memchr(marks, content.text[0], sizeof marks))
        return 0;
    const char *end = line.text + line.length;
    const char *at[] = {line.text, line.text};
    size_t start = NOWHERE;
    while (start == NOWHERE && (at[0] || at[1])) {
        for (size_t i = 0; i < sizeof marks; i++) {
            const char *mark = at[i] ? memchr(at[i], marks[i], (size_t)(end - at[i])) : NULL;
            at[i] = mark ? mark + 1 : NULL;
            if (mark && is_blank(mark[-1]) && (size_t)(mark - line.text) < start)
                start = (size_t)(mark - line.text);
        }
    }
    return start;
}

static int finish_key(struct reader *reader)
{
    if (!reader->key.name)
        return 0;
    struct buf *value = &reader->value;
    size_t length = value->length;
    while (length > 0 && isspace((unsigned char)buf_text(value)[length - 1]))
        length--;
    reader->key.value = ini_own(reader->ini, mem_strndup(buf_text(value), length));
    buf_clear(value);
    int result = ini_put(reader->ini, reader->section, &reader->key, reader->err);
    reader->key.name = NULL;
    return result;
}

static int begin_section(struct reader *reader, struct span name)
{
    if (finish_key(reader) < 0)
        return -1;
    const char *text = ini_own(reader->ini, mem_strndup(name.text, name.length));
    reader->piece = PIECE_SECTION;
    return ini_open_section(reader->ini, text, reader->file, reader->line, &reader->section,
                            reader->err);
}

static int begin_key(struct reader *reader, struct span content)
{
    size_t delimiter = 0;
    while (delimiter < content.length && !strchr("=:", content.text[delimiter]))
        delimiter++;
    if (delimiter == content.length)
        return refuse(reader,
                      "neither [section] nor key = value; indent a line that continues a value");
    struct span name = trim(content.text, delimiter);
    if (name.length == 0)
        return refuse(reader, "a key's name is missing; write key = value");
    if (finish_key(reader) < 0)
        return -1;
    char *lower = mem_strndup(name.text, name.length);
    for (char *at = lower; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    reader->key = (struct ini_key){
        .name = ini_own(reader->ini, lower), .file = reader->file, .line = reader->line};
    reader->piece = PIECE_VALUE;
    reader->text = trim(content.text + delimiter + 1, content.length - delimiter - 1);
    return 0;
}

/* The name in [name]: up to the last bracket, as in Python. False where the line is no head of a
 * section. */
static bool section_name(struct span content, struct span *name)
{
    const char *close = memrchr(content.text, ']', content.length);
    if (content.text[0] != '[' || !close || close < content.text + 2)
        return false;
    *name = (struct span){content.text + 1, (size_t)(close - content.text) - 1};
    return true;
}

/* Decides what a line is, by the rules of Python's configparser. */
static int read_line(struct reader *reader, struct span line)
{
    if (check_bytes(reader, line) < 0)
        return -1;
    size_t comment = comment_start(line);
    struct span content = trim(line.text, comment == NOWHERE ? line.length : comment);
    struct span name;
    bool continues = reader->key.name && indent_of(line) > reader->indent;
    if (content.length == 0)
        continues = reader->key.name && comment == NOWHERE;
    if (continues) {
        buf_append(&reader->value, "\n", 1);
        reader->piece = PIECE_VALUE;
        reader->text = content;
        return 0;
    }
    if (content.length == 0)
        return 0;
    reader->indent = indent_of(line);
    if (section_name(content, &name))
        return begin_section(reader, name);
    if (reader->section == NOWHERE)
        return refuse(reader, "a key before the first [section]");
    return begin_key(reader, content);
}

/* How much of the text fits into room, without a mark behind white space: inih would see a comment.
 */
static size_t piece_length(struct span text, size_t room)
{
    size_t length = 1;
    while (length < text.length && length < room &&
           !(is_blank(text.text[length - 1]) && strchr(";#", text.text[length])))
        length++;
    return text.length ? length : 0;
}

/* inih's reader: puts the next piece into line, size bytes large. NULL ends the reading. */
static char *hand_over(char *line, int size, void *stream)
{
    struct reader *reader = stream;
    struct span next;
    while (reader->piece == PIECE_NONE) {
        if (reader->err->code != ERR_NONE || !take_line(reader, &next) ||
            read_line(reader, next) < 0)
            return NULL;
    }
    if (reader->piece == PIECE_SECTION) {
        reader->piece = PIECE_NONE;
        return strcpy(line, "[s]\n");
    }
    size_t length = piece_length(reader->text, (size_t)size - FRAME_SIZE);
    snprintf(line, (size_t)size, "k=|%.*s|\n", (int)length, reader->text.text);
    reader->text.text += length;
    reader->text.length -= length;
    if (reader->text.length == 0)
        reader->piece = PIECE_NONE;
    return line;
}

/* inih's handler: takes a piece of a value back, without the guards. */
static int take_piece(void *user, const char *section, const char *name, const char *text)
{
    (void)section;
    struct reader *reader = user;
    if (name) /* NULL: a build of inih that reports sections */
        buf_append(&reader->value, text + 1, strlen(text) - 2);
    return 1;
}

int ini_read_text(struct ini *ini, const char *file, const char *text, size_t length,
                  struct err *err)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct err cause = ERR_INIT;
    struct reader reader = {
        .ini = ini, .file = file, .err = &cause, .rest = {text, length}, .section = NOWHERE};
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        reader.rest = (struct span){text + 3, length - 3};
    buf_init(&reader.value, length); /* what is joined is never longer than the text */
    int status = ini_parse_stream(hand_over, &reader, take_piece, &reader);
    if (status == 0 && cause.code == ERR_NONE)
        finish_key(&reader);
    else if (cause.code == ERR_NONE)
        refuse(&reader, "the line could not be read");
    buf_finish(&reader.value);
    return cause.code == ERR_NONE ? 0 : err_set(err, cause.code, "%s", cause.text);
}
