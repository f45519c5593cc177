/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <string.h>

#include "common/json_string.h"
#include "common/utf8.h"

/* The longest name of a wanted member; and how long it can be with every character escaped. */
#define NAME_MAX_BYTES   64
#define NAME_MAX_ESCAPED (6 * NAME_MAX_BYTES)

struct scanner {
    const char *begin;
    const char *at;
    const char *end;
    int depth;
    struct err *err;
};

/* The members that somebody wants of the outermost object. */
struct wanted {
    struct json_field *fields;
    size_t count;
    bool only; /* any other member is refused */
};

/* Who wants the elements of the outermost array. */
struct elements {
    json_element_fn each;
    void *context;
};

static int scan_value(struct scanner *scanner, struct json_slice *value);

static int refuse(const struct scanner *scanner, const char *at, const char *what)
{
    return err_set(scanner->err, ERR_INVALID, "not JSON: %s at byte %zu", what,
                   (size_t)(at - scanner->begin));
}

static void skip_space(struct scanner *scanner)
{
    const char *at = scanner->at;
    while (at < scanner->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    scanner->at = at;
}

static bool next_is(const struct scanner *scanner, char byte)
{
    return scanner->at < scanner->end && *scanner->at == byte;
}

static int unicode_at(const struct scanner *scanner, const char *at)
{
    if (scanner->end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    return json_hex(at + 2);
}

static int scan_unicode(struct scanner *scanner)
{
    const char *at = scanner->at;
    int code = unicode_at(scanner, at);
    if (code < 0)
        return refuse(scanner, at, "\\u without four hexadecimal digits");
    if (code == 0)
        return refuse(scanner, at, "\\u0000 (no text may hold it)");
    scanner->at += 6;
    if (code < 0xd800 || code > 0xdfff)
        return 0;
    int low = code < 0xdc00 ? unicode_at(scanner, scanner->at) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return refuse(scanner, at, "half of a surrogate pair");
    scanner->at += 6;
    return 0;
}

static int scan_escape(struct scanner *scanner)
{
    const char *at = scanner->at;
    char letter = scanner->end - at > 1 ? at[1] : '\0';
    if (letter == 'u')
        return scan_unicode(scanner);
    if (letter == '\0' || !strchr("\"\\/bfnrt", letter))
        return refuse(scanner, at, "an unknown escape");
    scanner->at += 2;
    return 0;
}

/* Checks what begins with a byte that does not stand for itself, and is not the closing quote. */
static int scan_special(struct scanner *scanner)
{
    const char *at = scanner->at;
    if (*at == '\\')
        return scan_escape(scanner);
    if ((unsigned char)*at < 0x20)
        return refuse(scanner, at, "a control character in a string");
    size_t length = utf8_length(at, (size_t)(scanner->end - at));
    if (length == 0)
        return refuse(scanner, at, "a byte that is not UTF-8");
    scanner->at += length;
    return 0;
}

static int scan_string(struct scanner *scanner)
{
    const char *opening = scanner->at++;
    for (;;) {
        scanner->at = json_plain_end(scanner->at, scanner->end);
        if (scanner->at == scanner->end)
            return refuse(scanner, opening, "a string without an end");
        if (*scanner->at == '"')
            break;
        if (scan_special(scanner) < 0)
            return -1;
    }
    scanner->at++;
    return 0;
}

static size_t scan_digits(struct scanner *scanner)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
        scanner->at++;
    return (size_t)(scanner->at - start);
}

static int scan_exponent(struct scanner *scanner)
{
    if (!next_is(scanner, 'e') && !next_is(scanner, 'E'))
        return 0;
    scanner->at++;
    if (next_is(scanner, '+') || next_is(scanner, '-'))
        scanner->at++;
    if (scan_digits(scanner) == 0)
        return refuse(scanner, scanner->at, "an exponent without digits");
    return 0;
}

static int scan_number(struct scanner *scanner)
{
    const char *start = scanner->at;
    scanner->at += *start == '-';
    bool leads_with_zero = next_is(scanner, '0');
    size_t digits = scan_digits(scanner);
    if (digits == 0)
        return refuse(scanner, scanner->at, "a number without digits");
    if (leads_with_zero && digits > 1)
        return refuse(scanner, start, "a number with a leading zero");
    if (next_is(scanner, '.')) {
        scanner->at++;
        if (scan_digits(scanner) == 0)
            return refuse(scanner, scanner->at, "a fraction without digits");
    }
    return scan_exponent(scanner);
}

static int scan_word(struct scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
        return refuse(scanner, scanner->at, "something that is no value");
    scanner->at += length;
    return 0;
}

static int enter(struct scanner *scanner)
{
    if (scanner->depth == JSON_DEPTH_MAX)
        return err_set(scanner->err, ERR_LIMIT, "JSON is nested deeper than %d levels at byte %zu",
                       JSON_DEPTH_MAX, (size_t)(scanner->at - scanner->begin));
    scanner->depth++;
    scanner->at++;
    skip_space(scanner);
    return 0;
}

/* After an element: 1 when another must follow, 0 when the closing byte was there. */
static int go_on(struct scanner *scanner, char closing)
{
    skip_space(scanner);
    if (next_is(scanner, ',')) {
        scanner->at++;
        skip_space(scanner);
        return 1;
    }
    if (!next_is(scanner, closing))
        return refuse(scanner, scanner->at,
                      closing == '}' ? "neither a comma nor a closing brace"
                                     : "neither a comma nor a closing bracket");
    scanner->at++;
    scanner->depth--;
    return 0;
}

static int scan_array(struct scanner *scanner, const struct elements *elements)
{
    if (enter(scanner) < 0)
        return -1;
    if (next_is(scanner, ']')) {
        scanner->at++;
        scanner->depth--;
        return 0;
    }
    struct json_slice element;
    int more;
    do {
        more = scan_value(scanner, &element);
        if (more == 0 && elements)
            more = elements->each(elements->context, &element, scanner->err);
        if (more == 0)
            more = go_on(scanner, ']');
    } while (more > 0);
    return more;
}

static int scan_member(struct scanner *scanner, struct json_slice *name, struct json_slice *value)
{
    name->text = scanner->at;
    if (!next_is(scanner, '"'))
        return refuse(scanner, scanner->at, "a member without a name in quotes");
    if (scan_string(scanner) < 0)
        return -1;
    name->length = (size_t)(scanner->at - name->text);
    skip_space(scanner);
    if (!next_is(scanner, ':'))
        return refuse(scanner, scanner->at, "a name without a colon");
    scanner->at++;
    skip_space(scanner);
    return scan_value(scanner, value);
}

static struct json_field *find_field(const struct wanted *wanted, const char *name, size_t length)
{
    for (size_t i = 0; i < wanted->count; i++) {
        struct json_field *field = &wanted->fields[i];
        if (strncmp(field->name, name, length) == 0 && field->name[length] == '\0')
            return field;
    }
    return NULL;
}

/* The same where the name is written with escapes: it means the same member. */
static struct json_field *find_escaped(const struct wanted *wanted, const char *name, size_t length)
{
    char plain[NAME_MAX_ESCAPED];
    if (length > sizeof plain)
        return NULL;
    return find_field(wanted, plain, json_decode(name, length, plain));
}

static int keep_member(const struct scanner *scanner, const struct wanted *wanted,
                       const struct json_slice *name, const struct json_slice *value)
{
    const char *inside = name->text + 1;
    size_t length = name->length - 2;
    struct json_field *field = find_field(wanted, inside, length);
    if (!field && memchr(inside, '\\', length))
        field = find_escaped(wanted, inside, length);
    if (!field && wanted->only)
        return err_set(scanner->err, ERR_INVALID, "an unknown member \"%.*s\" at byte %zu",
                       (int)(length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES), inside,
                       (size_t)(name->text - scanner->begin));
    if (!field)
        return 0;
    if (field->value.text)
        return err_set(scanner->err, ERR_INVALID,
                       "the member \"%s\" is there twice, again at byte %zu", field->name,
                       (size_t)(name->text - scanner->begin));
    field->value = *value;
    return 0;
}

static int scan_object(struct scanner *scanner, const struct wanted *wanted)
{
    if (enter(scanner) < 0)
        return -1;
    if (next_is(scanner, '}')) {
        scanner->at++;
        scanner->depth--;
        return 0;
    }
    struct json_slice name = {0}, value = {0};
    int more;
    do {
        more = scan_member(scanner, &name, &value);
        if (more == 0 && wanted)
            more = keep_member(scanner, wanted, &name, &value);
        if (more == 0)
            more = go_on(scanner, '}');
    } while (more > 0);
    return more;
}

static int scan_by_kind(struct scanner *scanner, enum json_kind *kind)
{
    switch (scanner->at < scanner->end ? *scanner->at : '\0') {
    case '"':
        *kind = JSON_STRING;
        return scan_string(scanner);
    case '{':
        *kind = JSON_OBJECT;
        return scan_object(scanner, NULL);
    case '[':
        *kind = JSON_ARRAY;
        return scan_array(scanner, NULL);
    case 't':
        *kind = JSON_BOOL;
        return scan_word(scanner, "true");
    case 'f':
        *kind = JSON_BOOL;
        return scan_word(scanner, "false");
    case 'n':
        *kind = JSON_NULL;
        return scan_word(scanner, "null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        *kind = JSON_NUMBER;
        return scan_number(scanner);
    default:
        return refuse(scanner, scanner->at, "no value");
    }
}

static int scan_value(struct scanner *scanner, struct json_slice *value)
{
    value->text = scanner->at;
    if (scan_by_kind(scanner, &value->kind) < 0)
        return -1;
    value->length = (size_t)(scanner->at - value->text);
    return 0;
}

static int start(struct scanner *scanner, const char *text, size_t length, struct err *err)
{
    *scanner = (struct scanner){.begin = text, .at = text, .end = text + length, .err = err};
    if (length > JSON_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "JSON of %zu bytes is longer than %u", length,
                       JSON_TEXT_MAX);
    skip_space(scanner);
    return 0;
}

static int expect_end(struct scanner *scanner)
{
    skip_space(scanner);
    if (scanner->at < scanner->end)
        return refuse(scanner, scanner->at, "something after the value");
    return 0;
}

int json_scan(const char *text, size_t length, struct json_slice *value, struct err *err)
{
    struct scanner scanner;
    if (start(&scanner, text, length, err) < 0 || scan_value(&scanner, value) < 0)
        return -1;
    return expect_end(&scanner);
}

static int scan_wanted(const char *text, size_t length, const struct wanted *wanted,
                       struct err *err)
{
    struct scanner scanner;
    for (size_t i = 0; i < wanted->count; i++)
        wanted->fields[i].value = (struct json_slice){0};
    if (start(&scanner, text, length, err) < 0)
        return -1;
    if (!next_is(&scanner, '{'))
        return refuse(&scanner, scanner.at, "no object");
    if (scan_object(&scanner, wanted) < 0)
        return -1;
    return expect_end(&scanner);
}

int json_scan_object(const char *text, size_t length, struct json_field *fields, size_t count,
                     struct err *err)
{
    const struct wanted wanted = {.fields = fields, .count = count};
    return scan_wanted(text, length, &wanted, err);
}

int json_scan_object_only(const char *text, size_t length, struct json_field *fields, size_t count,
                          struct err *err)
{
    const struct wanted wanted = {.fields = fields, .count = count, .only = true};
    return scan_wanted(text, length, &wanted, err);
}

int json_scan_array(const char *text, size_t length, json_element_fn each, void *context,
                    struct err *err)
{
    struct scanner scanner;
    if (start(&scanner, text, length, err) < 0)
        return -1;
    if (!next_is(&scanner, '['))
        return refuse(&scanner, scanner.at, "no array");
    const struct elements elements = {each, context};
    if (scan_array(&scanner, &elements) < 0)
        return -1;
    return expect_end(&scanner);
}
