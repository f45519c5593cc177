/* SPDX-License-Identifier: MIT */

/* Writes what the tables say to standard output: `generate sample`, `generate manual` (of the keys), `generate
 * openapi` (of the HTTP interface). */
#include <stdio.h>
#include <string.h>

#include "common/settings.h"
#include "supervisor/control/api_routes.h"

int main(int argc, char **argv)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        settings_sample(&out);
    else if (argc == 2 && strcmp(argv[1], "manual") == 0)
        settings_manual(&out);
    else if (argc == 2 && strcmp(argv[1], "openapi") == 0)
        api_describe(&out);
    fputs(buf_text(&out), stdout);
    int status = out.length ? 0 : 2;
    buf_finish(&out);
    return status;
}
