/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/cgroup.h"
#include "common/mem.h"

/* One text as each of those that the kernel gives. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const paths[] = {"/", "/a.slice/b", "/../x"};
    char *text = mem_strndup((const char *)bytes, size);
    char *path = cgroup_parse_path(text);
    FUZZ_ASSERT(!path || (path[0] == '/' && !strchr(path, '\n')));
    for (size_t i = 0; i <= sizeof paths / sizeof paths[0]; i++) {
        const char *own = i ? paths[i - 1] : path, *below = NULL;
        char *place = own ? cgroup_parse_mount(text, own, &below) : NULL;
        FUZZ_ASSERT(!place || (below >= own && below <= own + strlen(own)));
        free(place);
    }
    cgroup_has_word(text, "memory");
    FUZZ_ASSERT(cgroup_count(text, "oom_kill") == 0 || strstr(text, "oom_kill "));
    char *name = cgroup_name(text);
    FUZZ_ASSERT(cgroup_is_name(name) && !strpbrk(name, "/\n") && strlen(name) >= strlen(text));
    free(name);
    free(path);
    free(text);
    return 0;
}
