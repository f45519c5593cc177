/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_EXCEPTION_H
#define QUEUE_EXCEPTION_H

#include <stddef.h>

/* The line of an exception that says most, for lists and logs: the first one, but of a Python trace
 * the last one. Points *text at it and returns its length. */
size_t exception_line(const char **text);

/* The message of an exception, without the trace around it, which is full of names that are no part
 * of what went wrong: what comes behind Python's trace, or before the trace of PHP, Node, Ruby or
 * Java, without the place that PHP and Ruby write into the line. Points *text at it and returns its
 * length; without a trace it is the whole text. */
size_t exception_message(const char **text);

#endif
