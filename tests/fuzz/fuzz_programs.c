/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/ini.h"
#include "common/settings.h"
#include "common/settings_document.h"

/* Whatever a file of Supervisor's says: it is refused with a reason, or what was read holds what is
 * promised. */
static void check_group(const struct group_settings *group)
{
    FUZZ_ASSERT(group->name[0] && !strpbrk(group->name, " :/"));
    for (size_t p = 0; p < group->program_count; p++) {
        const struct program_entry *program = &group->programs[p];
        FUZZ_ASSERT(program->process_count == (size_t)program->settings->numprocs);
        FUZZ_ASSERT(program->settings->killasgroup || !program->settings->stopasgroup);
        for (size_t i = 0; i < program->process_count; i++) {
            FUZZ_ASSERT(!strpbrk(program->processes[i].name, " :/"));
            FUZZ_ASSERT(i == 0 ||
                        strcmp(program->processes[i - 1].name, program->processes[i].name) < 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct ini *ini = ini_load_text("/fuzz.conf", (const char *)bytes, size, &err);
    struct settings *settings = ini ? settings_from_document(ini, "/fuzz.conf", false, &err) : NULL;
    ini_destroy(ini);
    FUZZ_ASSERT((settings != NULL) == (err.code == ERR_NONE));
    for (size_t i = 0; settings && i < settings->supervisor.group_count; i++)
        check_group(settings->supervisor.groups[i]);
    settings_destroy(settings);
    return 0;
}
