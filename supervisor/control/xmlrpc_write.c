/* SPDX-License-Identifier: MIT */
#include "supervisor/control/xmlrpc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void put_bytes(struct xmlrpc_writer *out, const char *bytes, size_t length)
{
    if (buf_append(out->buf, bytes, length) < 0)
        out->full = true;
}

static void put(struct xmlrpc_writer *out, const char *text)
{
    put_bytes(out, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void print(struct xmlrpc_writer *out,
                                                        const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_bytes(out, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}

void xmlrpc_begin_response(struct xmlrpc_writer *out)
{
    put(out, "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n");
}

int xmlrpc_end_response(struct xmlrpc_writer *out)
{
    put(out, "</param>\n</params>\n</methodResponse>\n");
    return out->full ? -1 : 0;
}

void xmlrpc_put_boolean(struct xmlrpc_writer *out, bool value)
{
    print(out, "<value><boolean>%d</boolean></value>\n", value);
}

void xmlrpc_put_integer(struct xmlrpc_writer *out, int64_t value)
{
    print(out, "<value><int>%" PRId64 "</int></value>\n", value);
}

/* What stands for a character that XML gives a meaning, or cannot carry; NULL for all others. */
static const char *substitute(const char *text, size_t length)
{
    unsigned char byte = (unsigned char)text[0];
    if (length == 0)
        return REPLACEMENT;
    if (byte == '&')
        return "&amp;";
    if (byte == '<')
        return "&lt;";
    if (byte == '>')
        return "&gt;";
    if (byte == '\r')
        return "&#13;";
    if (byte < ' ' && byte != '\t' && byte != '\n')
        return REPLACEMENT;
    bool is_noncharacter = length == 3 && byte == 0xef && (unsigned char)text[1] == 0xbf &&
                           (unsigned char)text[2] >= 0xbe;
    return is_noncharacter ? REPLACEMENT : NULL;
}

/* Appends runs of plain characters at once. */
static void put_escaped(struct xmlrpc_writer *out, const char *text, size_t length)
{
    size_t start = 0, at = 0;
    while (at < length) {
        size_t step = utf8_length(text + at, length - at);
        const char *instead = substitute(text + at, step);
        if (instead) {
            put_bytes(out, text + start, at - start);
            put(out, instead);
            start = at + (step ? step : 1);
        }
        at += step ? step : 1;
    }
    put_bytes(out, text + start, at - start);
}

void xmlrpc_put_string(struct xmlrpc_writer *out, const char *text, size_t length)
{
    put(out, "<value><string>");
    put_escaped(out, text, length);
    put(out, "</string></value>\n");
}

void xmlrpc_put_text(struct xmlrpc_writer *out, const char *text)
{
    xmlrpc_put_string(out, text, strlen(text));
}

void xmlrpc_begin_array(struct xmlrpc_writer *out)
{
    put(out, "<value><array><data>\n");
}

void xmlrpc_end_array(struct xmlrpc_writer *out)
{
    put(out, "</data></array></value>\n");
}

void xmlrpc_begin_struct(struct xmlrpc_writer *out)
{
    put(out, "<value><struct>\n");
}

void xmlrpc_end_struct(struct xmlrpc_writer *out)
{
    put(out, "</struct></value>\n");
}

void xmlrpc_put_name(struct xmlrpc_writer *out, const char *name)
{
    print(out, "<member>\n<name>%s</name>\n", name);
}

void xmlrpc_end_name(struct xmlrpc_writer *out)
{
    put(out, "</member>\n");
}

void xmlrpc_put_fault(struct xmlrpc_writer *out, int code, const char *text)
{
    xmlrpc_begin_struct(out);
    xmlrpc_put_name(out, "faultCode");
    xmlrpc_put_integer(out, code);
    xmlrpc_end_name(out);
    xmlrpc_put_name(out, "faultString");
    xmlrpc_put_text(out, text);
    xmlrpc_end_name(out);
    xmlrpc_end_struct(out);
}

int xmlrpc_put_fault_response(struct xmlrpc_writer *out, int code, const char *text)
{
    put(out, "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n");
    xmlrpc_put_fault(out, code, text);
    put(out, "</fault>\n</methodResponse>\n");
    return out->full ? -1 : 0;
}
