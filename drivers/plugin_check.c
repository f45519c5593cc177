/* SPDX-License-Identifier: MIT */
#include "drivers/plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/driver_path.h"
#include "common/path.h"

#define WORDS_MAX 64 /* features, or dependencies */
#define TEXT_MAX  200

/* --- the file --- */

static bool is_trusted(uid_t owner)
{
    struct stat about;
    char *program = driver_path_of_program();
    bool is_programs = program && stat(program, &about) == 0 && about.st_uid == owner;
    free(program);
    return owner == 0 || owner == geteuid() || is_programs;
}

static int check_owner(const char *path, const struct stat *about, struct err *err)
{
    if (!is_trusted(about->st_uid))
        return err_set(err, ERR_INVALID,
                       "%s belongs to user %u, who could change what runs as user %u: chown it to "
                       "root",
                       path, (unsigned)about->st_uid, (unsigned)geteuid());
    bool by_group = (about->st_mode & S_IWGRP) && about->st_gid != getegid();
    if (by_group || (about->st_mode & S_IWOTH))
        return err_set(err, ERR_INVALID, "%s can be written to by others: chmod go-w it", path);
    return 0;
}

int plugin_check_file(const char *path, struct err *err)
{
    struct stat about;
    if (stat(path, &about) < 0)
        return err_errno(err, errno, "%s", path);
    if (!S_ISREG(about.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a file", path);
    if (check_owner(path, &about, err) < 0)
        return -1;
    char *folder = path_directory(path);
    int result = stat(folder, &about);
    result = result < 0 ? err_errno(err, errno, "%s", folder) : check_owner(folder, &about, err);
    free(folder);
    return result;
}

/* --- the table --- */

static bool is_text(const char *text)
{
    return text && text[0] && strnlen(text, TEXT_MAX + 1) <= TEXT_MAX;
}

/* Words without white space, so that a list of them can be read. */
static int check_words(const char *what, const char *const *words, struct err *err)
{
    size_t count = 0;
    if (!words)
        return err_set(err, ERR_INVALID, "it has no %s: an empty list is {NULL}", what);
    for (; count <= WORDS_MAX && words[count]; count++) {
        if (!is_text(words[count]) || strpbrk(words[count], " \t\r\n,"))
            return err_set(err, ERR_INVALID,
                           "%s: number %zu is not a word of at most %d bytes without space or "
                           "comma",
                           what, count + 1, TEXT_MAX);
    }
    if (count > WORDS_MAX)
        return err_set(err, ERR_INVALID, "%s: more than %d; end the list with NULL", what,
                       WORDS_MAX);
    return 0;
}

#define FUNCTION(member)                                                                           \
    {                                                                                              \
#member, offsetof(struct driver, member)                                                   \
    }

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
    FUNCTION(open),        FUNCTION(close),        FUNCTION(push),          FUNCTION(turn),
    FUNCTION(extend),      FUNCTION(return_owner), FUNCTION(upkeep),        FUNCTION(wake_open),
    FUNCTION(wake_read),   FUNCTION(stats),        FUNCTION(queues),        FUNCTION(purge),
    FUNCTION(failed_list), FUNCTION(failed_retry), FUNCTION(failed_remove), FUNCTION(job_list),
    FUNCTION(job_cancel),  FUNCTION(batch_create), FUNCTION(batch_list),    FUNCTION(batch_cancel),
    FUNCTION(batch_prune), FUNCTION(note_put),     FUNCTION(note_claim),    FUNCTION(note_list),
    FUNCTION(note_remove), FUNCTION(health),
};

/* A function that is added to the contract must be added here. */
_Static_assert(offsetof(struct driver, open) +
                       sizeof functions / sizeof functions[0] * sizeof(void (*)(void)) ==
                   sizeof(struct driver),
               "every function of a driver is checked");

static int check_functions(const struct driver *driver, struct err *err)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void (*function)(void);
        memcpy(&function, (const char *)driver + functions[i].offset, sizeof function);
        if (!function)
            return err_set(err, ERR_INVALID, "it has no function %s", functions[i].name);
    }
    return 0;
}

int plugin_check(const struct driver *driver, const char *name, struct err *err)
{
    if (driver->abi != DRIVER_ABI)
        return err_set(err, ERR_INVALID,
                       "it was built for version %u of muster/driver.h, this is %d: build it again",
                       driver->abi, DRIVER_ABI);
    if (driver->size != sizeof *driver)
        return err_set(err, ERR_INVALID,
                       "it was built with another muster/driver.h (%u bytes, not %zu): build it "
                       "again",
                       driver->size, sizeof *driver);
    if (!is_text(driver->name) || driver_path_check_name(driver->name, NULL) < 0)
        return err_set(err, ERR_INVALID, "it has no name that a driver can have");
    if (strcmp(driver->name, name) != 0)
        return err_set(err, ERR_INVALID, "it is the driver %s: its file must be %s.so",
                       driver->name, driver->name);
    if (!is_text(driver->version) || !is_text(driver->description))
        return err_set(err, ERR_INVALID, "it has no version or no description of 1 to %d bytes",
                       TEXT_MAX);
    if (check_words("features", driver->features, err) < 0 ||
        check_words("dependencies", driver->dependencies, err) < 0)
        return -1;
    return check_functions(driver, err);
}
