/* SPDX-License-Identifier: MIT */
#include "common/template.h"

#include <string.h>

static int take_place(const char **at, struct template_piece *piece, struct err *err)
{
    const char *name = *at + 1;
    size_t length = strcspn(name, "{}");
    if (name[length] != '}')
        return err_set(err, ERR_INVALID, "a { is not closed; write {NAME}");
    if (length == 0)
        return err_set(err, ERR_INVALID, "{} is without a name; write {NAME}");
    *piece = (struct template_piece){.is_place = true, .text = name, .length = length};
    *at = name + length + 1;
    return 1;
}

int template_next(const char **at, struct template_piece *piece, struct err *err)
{
    if (**at == '\0')
        return 0;
    if (**at == '{')
        return take_place(at, piece, err);
    if (**at == '}')
        return err_set(err, ERR_INVALID, "a } was not opened; write {NAME}");
    size_t length = strcspn(*at, "{}");
    *piece = (struct template_piece){.text = *at, .length = length};
    *at += length;
    return 1;
}
