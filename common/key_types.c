/* SPDX-License-Identifier: MIT */
#include "common/key_types.h"

#include <string.h>

static const struct key_type_operations *const operations[] = {
    [KEY_STRING] = &key_string,
    [KEY_PATH] = &key_path,
    [KEY_NAME] = &key_name,
    [KEY_COMMAND] = &key_command,
    [KEY_ENVIRONMENT] = &key_environment,
    [KEY_READY] = &key_ready,
    [KEY_HEALTH] = &key_health,
    [KEY_USER] = &key_user,
    [KEY_OWNER] = &key_owner,
    [KEY_FILE] = &key_file,
    [KEY_DIRECTORY] = &key_directory,
    [KEY_LOG_FILE] = &key_log_file,
    [KEY_INTEGER] = &key_integer,
    [KEY_BOOLEAN] = &key_boolean,
    [KEY_DURATION] = &key_duration,
    [KEY_MEGABYTES] = &key_megabytes,
    [KEY_BYTES] = &key_bytes,
    [KEY_PROCESSORS] = &key_processors,
    [KEY_CHOICE] = &key_choice,
    [KEY_SET] = &key_set,
    [KEY_OCTAL] = &key_octal,
    [KEY_SIGNAL] = &key_signal,
    [KEY_EXIT_CODES] = &key_exit_codes,
    [KEY_RLIMIT] = &key_rlimit,
    [KEY_IONICE] = &key_ionice,
    [KEY_ENV_FILES] = &key_env_files,
    [KEY_ENV_SOURCES] = &key_env_sources,
    [KEY_WHOLE_PATH] = &key_whole_path,
    [KEY_CRON] = &key_cron,
    [KEY_ZONE] = &key_zone,
    [KEY_OPTIONAL_COMMAND] = &key_optional_command,
    [KEY_SOCKETS] = &key_sockets,
    [KEY_DAYTIME] = &key_daytime,
    [KEY_OPTIONAL_OWNER] = &key_optional_owner,
};

const struct key_type_operations *key_type_of(const struct key *key)
{
    return operations[key->type];
}

int key_type_describe(const struct key *key, struct buf *out)
{
    const struct key_type_operations *type = key_type_of(key);
    return type->describe ? type->describe(key, out) : buf_text_append(out, type->values);
}

void key_int_copy(void *to, const void *from)
{
    memcpy(to, from, sizeof(int));
}

bool key_int_equal(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}
