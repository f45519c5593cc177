/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/*
 * The error object. The caller owns it (usually on the stack), it is untouched on success, filled
 * once where the cause is known, and reported once where it is handled. After crun's libcrun_error.
 *
 *     struct err err = ERR_INIT;
 *     if (thing_do(x, &err) < 0)
 *         return err_exit_code(&err);
 */

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID,     /* what was given is wrong: usage, configuration, JSON, a name, a range */
    ERR_NOT_FOUND,   /* there is no such job, queue, file */
    ERR_CONFLICT,    /* somebody else owns it: a lost lease, a second master, a duplicate uuid */
    ERR_UNAVAILABLE, /* the store or the daemon cannot be reached now; trying again may work */
    ERR_LIMIT,       /* a bound of ours was reached: size, depth, count */
    ERR_FULL,        /* no room: disk full, store out of memory; nothing was stored */
    ERR_SYSTEM,      /* a system call failed for a reason that is none of the above */
};

#define ERR_TEXT_MAX 1024

struct err {
    enum err_code code;
    char text[ERR_TEXT_MAX]; /* one line, no trailing newline; cut to fit */
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        ERR_NONE, ""                                                                               \
    }

/* Fills err (which may be NULL: then nobody wants the reason). Always returns -1, so that a failing
 * function can say `return err_set(err, ERR_INVALID, "…")`. The first cause wins: an err that
 * already holds a code is left as it is. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(errno_value) at the end. ENOSPC and EDQUOT turn ERR_SYSTEM into
 * ERR_FULL, ENOENT into ERR_NOT_FOUND. Returns -1. */
int err_errno(struct err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text of a filled err, where a caller knows more of the place (a file and
 * line, a job's uuid). Returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Empties err, for a caller that handled it and goes on. */
void err_clear(struct err *err);

/* A word for the code: "invalid", "not_found", … Stable: it is what --json prints. */
const char *err_code_name(enum err_code code);

/* The exit status of a command that failed with this error (docs/cli.md): 1 for a failure, 2 for
 * ERR_INVALID and ERR_LIMIT, 3 for ERR_NOT_FOUND, 4 for ERR_UNAVAILABLE, 0 for ERR_NONE. */
int err_exit_code(const struct err *err);

#endif
