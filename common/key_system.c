/* SPDX-License-Identifier: MIT */

/* What the system has names and numbers for: modes, signals, exit statuses, users, files. */
#include "common/key_types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/mem.h"
#include "common/path.h"
#include "common/signal_names.h"
#include "common/users.h"

/* Modes */

static int describe_octal(const struct key *key, struct buf *out)
{
    return buf_printf(out, "octal digits, up to %04o", (unsigned)key->max);
}

static int parse_octal(const struct key *key, const char *text, void *value, struct err *err)
{
    const char *digits = strncasecmp(text, "0o", 2) == 0 ? text + 2 : text;
    size_t length = strlen(digits);
    unsigned long number = strtoul(digits, NULL, 8);
    if (length == 0 && digits == text) {
        *(int *)value = -1;
        return 0;
    }
    if (length == 0 || strspn(digits, "01234567") != length || length > 10 ||
        number > (unsigned long)key->max)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is not such a number; write octal digits, e.g. %s", text,
                       key->fallback[0] ? key->fallback : "022");
    *(int *)value = (int)number;
    return 0;
}

static int print_octal(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    int number = *(const int *)value;
    return number < 0 ? 0 : buf_printf(out, "%04o", (unsigned)number);
}

const struct key_type_operations key_octal = {
    .parse = parse_octal,
    .print = print_octal,
    .describe = describe_octal,
    .copy = key_int_copy,
    .equal = key_int_equal,
};

/* Signals */

static int parse_signal(const struct key *key, const char *text, void *value, struct err *err)
{
    bool unsets = text[0] == '\0' && key->fallback[0] == '\0';
    int number = unsets ? 0 : signal_number(text);
    if (number < 0)
        return err_set(err, ERR_INVALID,
                       "\"%.80s\" is not a signal; write its name or number, e.g. TERM, HUP, 10",
                       text);
    *(int *)value = number;
    return 0;
}

static int print_signal(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    char name[SIGNAL_NAME_SIZE];
    int number = *(const int *)value;
    if (number == 0)
        return 0;
    signal_name(number, name);
    return strncmp(name, "SIG", 3) == 0 ? buf_text_append(out, name + 3)
                                        : buf_printf(out, "%d", number);
}

const struct key_type_operations key_signal = {
    .parse = parse_signal,
    .print = print_signal,
    .values = "a signal: TERM, INT, QUIT, HUP, USR1, 10 …",
    .copy = key_int_copy,
    .equal = key_int_equal,
};

/* Exit statuses */

bool exit_codes_have(const struct exit_codes *codes, int status)
{
    return status >= 0 && status <= 255 && (codes->bits[status / 64] >> (status % 64) & 1) != 0;
}

static int refuse_exit_codes(const char *text, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "\"%.80s\" are not exit statuses; write numbers from 0 to 255, e.g. 0,2", text);
}

static int parse_exit_codes(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    struct exit_codes codes = {0};
    for (const char *at = text; *at; at++) {
        char *end;
        at += strspn(at, " \t\n");
        size_t digits = strspn(at, "0123456789");
        unsigned long status = strtoul(at, &end, 10);
        if (digits == 0 || digits > 10 || status > 255)
            return refuse_exit_codes(text, err);
        codes.bits[status / 64] |= UINT64_C(1) << (status % 64);
        at = end + strspn(end, " \t\n");
        if (*at == '\0')
            break;
        if (*at != ',' || at[1] == '\0')
            return refuse_exit_codes(text, err);
    }
    *(struct exit_codes *)value = codes;
    return 0;
}

static int print_exit_codes(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    const char *comma = "";
    for (int status = 0; status <= 255; status++) {
        if (!exit_codes_have(value, status))
            continue;
        if (buf_printf(out, "%s%d", comma, status) < 0)
            return -1;
        comma = ",";
    }
    return 0;
}

static void copy_exit_codes(void *to, const void *from)
{
    memcpy(to, from, sizeof(struct exit_codes));
}

static bool equal_exit_codes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct exit_codes)) == 0;
}

const struct key_type_operations key_exit_codes = {
    .parse = parse_exit_codes,
    .print = print_exit_codes,
    .values = "numbers from 0 to 255, separated by commas",
    .copy = copy_exit_codes,
    .equal = equal_exit_codes,
};

/* Users */

static int parse_user(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    uid_t uid;
    gid_t gid;
    if (text[0] && user_find(text, &uid, &gid, err) < 0)
        return -1;
    return key_text_line(text, value, err);
}

int key_check_owner(const char *text, struct err *err)
{
    uid_t uid;
    gid_t gid;
    return text[0] && owner_find(text, &uid, &gid, err) < 0 ? -1 : 0;
}

static int parse_owner(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_check_owner(text, err) < 0 ? -1 : key_text_line(text, value, err);
}

const struct key_type_operations key_user = KEY_TEXT_TYPE(parse_user, "a user's name or number");
const struct key_type_operations key_owner = KEY_TEXT_TYPE(parse_owner, "user or user:group");

/* Files */

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Checks that the directory in a path is one. A name alone is below the working directory. */
static int check_directory_of(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length == 0)
        return 0;
    char *directory = mem_strndup(path, length);
    int result =
        is_directory(directory)
            ? 0
            : err_set(err, ERR_INVALID,
                      "%.200s is not a directory that exists; make it, or name another one",
                      directory);
    free(directory);
    return result;
}

static int keep_file(const char *text, void *value, struct err *err)
{
    char *path = path_expand_home(text);
    int result = check_directory_of(path, err);
    if (result == 0)
        result = key_text_line(path, value, err);
    free(path);
    return result;
}

static int parse_file(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return keep_file(text, value, err);
}

static int parse_directory(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    char *path = path_expand_home(text);
    int result =
        text[0] == '\0' || is_directory(path)
            ? key_text_line(path, value, err)
            : err_set(err, ERR_INVALID,
                      "%.200s is not a directory that exists; make it, or name another one", path);
    free(path);
    return result;
}

static int parse_log_file(const struct key *key, const char *text, void *value, struct err *err)
{
    static const struct {
        const char *word, *meaning;
    } words[] = {{"none", KEY_LOG_NONE},
                 {"off", KEY_LOG_NONE},
                 {"auto", KEY_LOG_AUTO},
                 {"syslog", KEY_LOG_SYSLOG}};
    (void)key;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i].word, text) == 0)
            return key_text_line(words[i].meaning, value, err);
    return keep_file(text, value, err);
}

const struct key_type_operations key_file =
    KEY_TEXT_TYPE(parse_file, "a path, relative to the working directory");
const struct key_type_operations key_directory = KEY_TEXT_TYPE(parse_directory, "a directory");
const struct key_type_operations key_log_file =
    KEY_TEXT_TYPE(parse_log_file, "a path, AUTO, NONE or syslog");
