/* SPDX-License-Identifier: MIT */
#ifndef COMMON_TEMPLATE_H
#define COMMON_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Texts with places in braces: "welcome:{data.user_id}". A brace is never anything else. */
struct template_piece {
    bool is_place;    /* text is the name between the braces */
    const char *text; /* points into the template */
    size_t length;
};

/* Takes the next piece off *at. Returns 1, 0 at the end, or -1 with err for a brace without its
 * other half or a place without a name. */
int template_next(const char **at, struct template_piece *piece, struct err *err);

#endif
