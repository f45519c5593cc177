/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_EXCEPTION_H
#define QUEUE_EXCEPTION_H

#include <stddef.h>

/* The line of an exception that says most, for lists and logs: the first one, but of a Python trace
 * the last one. Points *text at it and returns its length. */
size_t exception_line(const char **text);

#endif
