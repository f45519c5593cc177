/* SPDX-License-Identifier: MIT */
#include "supervisor/control/xmlrpc.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "supervisor/control/base64.h"

/* Elements, and where each may stand. */
enum element {
    DOCUMENT,
    METHOD_CALL,
    METHOD_NAME,
    PARAMS,
    PARAM,
    VALUE,
    SCALAR, /* int, string, … */
    ARRAY,
    DATA,
    STRUCT,
    MEMBER,
    NAME,
};

struct element_row {
    const char *name;
    enum element element;
    enum element parent;
    enum xmlrpc_kind kind; /* of SCALAR, ARRAY, STRUCT */
};

static const struct element_row element_rows[] = {
    {"methodCall", METHOD_CALL, DOCUMENT, 0},
    {"methodName", METHOD_NAME, METHOD_CALL, 0},
    {"params", PARAMS, METHOD_CALL, 0},
    {"param", PARAM, PARAMS, 0},
    {"value", VALUE, PARAM, 0},
    {"value", VALUE, DATA, 0},
    {"value", VALUE, MEMBER, 0},
    {"string", SCALAR, VALUE, XMLRPC_STRING},
    {"int", SCALAR, VALUE, XMLRPC_INTEGER},
    {"i4", SCALAR, VALUE, XMLRPC_INTEGER},
    {"i8", SCALAR, VALUE, XMLRPC_INTEGER},
    {"boolean", SCALAR, VALUE, XMLRPC_BOOLEAN},
    {"double", SCALAR, VALUE, XMLRPC_DOUBLE},
    {"dateTime.iso8601", SCALAR, VALUE, XMLRPC_STRING},
    {"base64", SCALAR, VALUE, XMLRPC_STRING},
    {"nil", SCALAR, VALUE, XMLRPC_NIL},
    {"array", ARRAY, VALUE, XMLRPC_ARRAY},
    {"data", DATA, ARRAY, 0},
    {"struct", STRUCT, VALUE, XMLRPC_STRUCT},
    {"member", MEMBER, STRUCT, 0},
    {"name", NAME, MEMBER, 0},
};

struct frame {
    enum element element;
    struct xmlrpc_value *value; /* of the innermost value around this element */
    const char *name;           /* MEMBER: what its name element said */
};

struct parser {
    XML_Parser expat;
    struct arena *arena;
    struct xmlrpc_call *call;
    struct err *err;
    struct frame frames[XMLRPC_DEPTH_MAX];
    size_t depth;
    size_t value_count;
    bool typed; /* the innermost value has an element that tells its type */
    bool is_base64;
    struct buf text;
};

static void fail(struct parser *parser, enum err_code code, const char *what)
{
    err_set(parser->err, code, "XML-RPC, line %lu: %s",
            (unsigned long)XML_GetCurrentLineNumber(parser->expat), what);
    XML_StopParser(parser->expat, XML_FALSE);
}

static const struct element_row *find_row(const char *name, enum element parent)
{
    for (size_t i = 0; i < sizeof element_rows / sizeof element_rows[0]; i++)
        if (element_rows[i].parent == parent && strcmp(element_rows[i].name, name) == 0)
            return &element_rows[i];
    return NULL;
}

static void append_value(struct xmlrpc_value *container, struct xmlrpc_value *value)
{
    if (container->last)
        container->last->next = value;
    else
        container->first = value;
    container->last = value;
    container->count++;
}

/* The value is in its container from the beginning; its type is a string until an element says
 * otherwise. */
static struct xmlrpc_value *begin_value(struct parser *parser, const struct frame *parent)
{
    if (++parser->value_count > XMLRPC_VALUES_MAX) {
        fail(parser, ERR_LIMIT, "too many values");
        return NULL;
    }
    struct xmlrpc_value *value = arena_alloc(parser->arena, sizeof *value);
    *value = (struct xmlrpc_value){.kind = XMLRPC_STRING, .text = "", .name = parent->name};
    append_value(parent->value, value);
    parser->typed = false;
    parser->is_base64 = false;
    return value;
}

static void enter(struct parser *parser, const struct element_row *row)
{
    const struct frame *parent = &parser->frames[parser->depth - 1];
    struct frame frame = {.element = row->element, .value = parent->value};
    if (row->element == VALUE) {
        frame.value = begin_value(parser, parent);
        if (!frame.value)
            return;
    } else if (row->parent == VALUE) {
        if (parser->typed) {
            fail(parser, ERR_INVALID, "a value with two types");
            return;
        }
        frame.value->kind = row->kind;
        parser->typed = true;
        parser->is_base64 = strcmp(row->name, "base64") == 0;
    }
    parser->frames[parser->depth++] = frame;
    buf_clear(&parser->text);
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    struct parser *parser = context;
    const struct element_row *row = find_row(name, parser->frames[parser->depth - 1].element);
    if (!row)
        fail(parser, ERR_INVALID, "an element that may not stand here");
    else if (parser->depth == XMLRPC_DEPTH_MAX)
        fail(parser, ERR_LIMIT, "too many elements within each other");
    else
        enter(parser, row);
}

static const char *keep_text(struct parser *parser)
{
    return arena_strndup(parser->arena, buf_text(&parser->text), parser->text.length);
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static int read_integer(const char *text, int64_t *integer)
{
    char *end;
    text = skip_space(text);
    errno = 0;
    *integer = strtoll(text, &end, 10);
    return end == text || *skip_space(end) || errno != 0 ? -1 : 0;
}

static int read_number(const char *text, double *number)
{
    char *end;
    text = skip_space(text);
    *number = strtod(text, &end);
    return end == text || *skip_space(end) ? -1 : 0;
}

/* Supervisor's methods take texts, so bytes that are none are refused, as there. */
static int read_text(struct parser *parser, struct xmlrpc_value *value)
{
    size_t length = parser->text.length;
    char *text = arena_strndup(parser->arena, buf_text(&parser->text), length);
    int result = parser->is_base64 ? base64_decode(text, length, text, &length) : 0;
    text[length] = '\0';
    value->text = text;
    value->length = length;
    return utf8_is_valid(text, length) ? result : -1;
}

/* The text of a scalar becomes its value. */
static void end_scalar(struct parser *parser, struct xmlrpc_value *value)
{
    const char *text = buf_text(&parser->text);
    int result = 0;
    if (value->kind == XMLRPC_STRING)
        result = read_text(parser, value);
    else if (value->kind == XMLRPC_DOUBLE)
        result = read_number(text, &value->number);
    else if (value->kind != XMLRPC_NIL)
        result = read_integer(text, &value->integer);
    if (value->kind == XMLRPC_BOOLEAN && value->integer != 0 && value->integer != 1)
        result = -1;
    if (result < 0)
        fail(parser, ERR_INVALID, "a value that does not fit its type");
}

static void on_end(void *context, const XML_Char *name)
{
    (void)name;
    struct parser *parser = context;
    struct frame frame = parser->frames[--parser->depth];
    if (frame.element == METHOD_NAME)
        parser->call->method = keep_text(parser);
    else if (frame.element == NAME)
        parser->frames[parser->depth - 1].name = keep_text(parser);
    else if (frame.element == SCALAR || (frame.element == VALUE && !parser->typed))
        end_scalar(parser, frame.value);
    if (frame.element == VALUE)
        parser->typed = true; /* the next sibling begins anew */
    buf_clear(&parser->text);
}

/* Text counts where a name or a scalar stands; elsewhere it is white space between elements. */
static void on_text(void *context, const XML_Char *text, int length)
{
    struct parser *parser = context;
    if (buf_append(&parser->text, text, (size_t)length) < 0)
        fail(parser, ERR_LIMIT, "a text is too long");
}

static void on_document_type(void *context, const XML_Char *name, const XML_Char *system,
                             const XML_Char *public, int has_internal_subset)
{
    (void)name, (void)system, (void)public, (void)has_internal_subset;
    fail(context, ERR_INVALID, "a document type is not accepted");
}

static int run_parser(struct parser *parser, const char *text, size_t length)
{
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, on_start, on_end);
    XML_SetCharacterDataHandler(parser->expat, on_text);
    XML_SetStartDoctypeDeclHandler(parser->expat, on_document_type);
    if (XML_Parse(parser->expat, text, (int)length, 1) == XML_STATUS_OK)
        return 0;
    return err_set(parser->err, ERR_INVALID, "XML-RPC, line %lu: %s",
                   (unsigned long)XML_GetCurrentLineNumber(parser->expat),
                   XML_ErrorString(XML_GetErrorCode(parser->expat)));
}

int xmlrpc_parse_call(const char *text, size_t length, struct arena *arena,
                      struct xmlrpc_call *call, struct err *err)
{
    if (length > XMLRPC_CALL_MAX)
        return err_set(err, ERR_LIMIT, "a call is longer than %u bytes", XMLRPC_CALL_MAX);
    struct err own = ERR_INIT; /* callbacks fill it, and it must have room for the cause */
    *call = (struct xmlrpc_call){.params = {.kind = XMLRPC_ARRAY}};
    struct parser parser = {
        .arena = arena,
        .call = call,
        .err = &own,
        .frames = {{.element = DOCUMENT, .value = &call->params}},
        .depth = 1,
    };
    parser.expat = XML_ParserCreate(NULL);
    if (!parser.expat)
        return err_set(err, ERR_SYSTEM, "no memory for an XML parser");
    buf_init(&parser.text, XMLRPC_CALL_MAX);
    int result = run_parser(&parser, text, length);
    XML_ParserFree(parser.expat);
    buf_finish(&parser.text);
    if (result < 0)
        return err_set(err, own.code, "%s", own.text);
    if (!call->method || !call->method[0])
        return err_set(err, ERR_INVALID, "XML-RPC: a call without a method");
    return 0;
}

const struct xmlrpc_value *xmlrpc_member(const struct xmlrpc_value *value, const char *name)
{
    if (value->kind != XMLRPC_STRUCT)
        return NULL;
    for (const struct xmlrpc_value *member = value->first; member; member = member->next)
        if (member->name && strcmp(member->name, name) == 0)
            return member;
    return NULL;
}

const struct xmlrpc_value *xmlrpc_item(const struct xmlrpc_value *value, size_t index)
{
    if (value->kind != XMLRPC_ARRAY)
        return NULL;
    const struct xmlrpc_value *item = value->first;
    while (item && index-- > 0)
        item = item->next;
    return item;
}
