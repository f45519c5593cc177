/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CALL_H
#define COMMON_CALL_H

#include <stdint.h>

/*
 * What the master asks the maintenance process about stores, over a socket pair: a header and a
 * JSON text in either direction. The header spares the master the reading of texts that it only
 * passes on. Answers come in any order.
 */
#define CALL_REQUEST_MAX (2u << 20) /* bytes of a request's text */
#define CALL_ANSWER_MAX  (8u << 20) /* bytes of an answer's text */

struct call_header {
    uint32_t id;     /* chosen by who asks, not 0 */
    uint32_t status; /* of an answer: enum err_code; its text is a JSON value, or what is wrong */
    uint32_t length; /* of the text behind it */
};

#endif
