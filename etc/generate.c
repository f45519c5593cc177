/* SPDX-License-Identifier: MIT */

/* Writes what the key tables say to standard output: `generate sample` or `generate manual`. */
#include <stdio.h>
#include <string.h>

#include "common/settings.h"

int main(int argc, char **argv)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        settings_sample(&out);
    else if (argc == 2 && strcmp(argv[1], "manual") == 0)
        settings_manual(&out);
    fputs(buf_text(&out), stdout);
    int status = out.length ? 0 : 2;
    buf_finish(&out);
    return status;
}
