/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PROTOCOL_CLASSES_H
#define WORKER_PROTOCOL_CLASSES_H

#include "worker/protocol.h"

/* Reads the classes that a hello declares into the frame: names, or objects with a name and limits.
 * Returns 0, or -1 with err. */
int protocol_read_classes(const struct json_slice *jobs, struct arena *arena, struct frame *frame,
                          struct err *err);

#endif
