/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/env_file.h"
#include "common/mem.h"
#include "common/process_limits.h"
#include "common/socket_list.h"

/* What is accepted are pairs; what is not is told with its line. The small texts of limits are
 * tried along the way. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct rlimit limit;
    int priority;
    char *text = mem_strndup((const char *)bytes, size);
    char **pairs = env_file_parse(text, size < strlen(text) ? size : strlen(text), &err);
    FUZZ_ASSERT((pairs != NULL) == (err.code == ERR_NONE));
    FUZZ_ASSERT(pairs || strncmp(err.text, "line ", 5) == 0);
    for (char **pair = pairs; pair && *pair; pair++)
        FUZZ_ASSERT(strchr(*pair, '=') > *pair);
    command_free(pairs);
    if (rlimit_parse(text, size % 2, &limit, NULL) == 0)
        FUZZ_ASSERT(limit.rlim_cur <= limit.rlim_max);
    ionice_parse(text, &priority, NULL);
    struct socket_list sockets;
    if (socket_list_parse(text, &sockets, NULL) == 0)
        FUZZ_ASSERT(sockets.count <= SOCKETS_MAX);
    env_files_check(text, NULL);
    env_sources_check(text, NULL);
    free(text);
    return 0;
}
