/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_master.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

#define USES_MAX 100 /* then a new one is made, so that little depends on what came before */

#define CONFIG                                                                                     \
    "[supervisord]\nidentifier = fuzz\nlogfile = %(here)s/main.log\npidfile = %(here)s/pid\n"      \
    "childlogdir = %(here)s\n"                                                                     \
    "[unix_http_server]\nfile = %(here)s/http.sock\ntoken = " FUZZ_TOKEN "\n"                      \
    "username = ann\npassword = secret\nreader = bob\nreader_password = read\n"                    \
    "[rpcinterface:supervisor]\n"                                                                  \
    "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"           \
    "[program:one]\ncommand = /nonexistent/one\nautostart = false\n"                               \
    "stdout_logfile = %(here)s/one.log\nstderr_logfile = NONE\n"                                   \
    "[program:web]\ncommand = /nonexistent/web\nautostart = false\nnumprocs = 2\n"                 \
    "process_name = web-%(process_num)d\n"                                                         \
    "[group:pair]\nprograms = one\n"

static struct {
    char directory[64];
    char *config, *http;
    struct master master;
    int uses; /* 0: there is none */
} own;

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    FUZZ_ASSERT(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void end_master(void)
{
    if (own.uses > 0)
        master_finish(&own.master);
    own.uses = 0;
}

static void clean_up(void)
{
    end_master();
    nftw(own.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(own.config);
    free(own.http);
    log_close();
}

static void make_directory(void)
{
    struct err err = ERR_INIT;
    snprintf(own.directory, sizeof own.directory, "/tmp/fuzz-master-XXXXXX");
    FUZZ_ASSERT(mkdtemp(own.directory));
    own.config = mem_printf("%s/muster.ini", own.directory);
    own.http = mem_printf("%s/http.sock", own.directory);
    char *log = mem_printf("%s/main.log", own.directory);
    char *one = mem_printf("%s/one.log", own.directory);
    put_file(own.config, CONFIG);
    put_file(one, "what one has said\n");
    FUZZ_ASSERT(log_open(&(struct log_options){.level = LOG_CRITICAL, .path = log}, &err) == 0);
    free(log);
    free(one);
    atexit(clean_up);
}

static void begin_master(void)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(own.config, &err);
    if (!settings || master_init(&own.master, settings, own.config, NULL, &err) < 0)
        fprintf(stderr, "%s\n", err.text);
    FUZZ_ASSERT(err.code == ERR_NONE);
    free(own.master.logfile); /* standard error stays: what fails is told there */
    own.master.logfile = NULL;
}

struct master *fuzz_master(void)
{
    if (!own.config)
        make_directory();
    if (own.uses == USES_MAX || (own.uses > 0 && own.master.phase != MASTER_RUNNING))
        end_master();
    if (own.uses++ == 0)
        begin_master();
    return &own.master;
}

const char *fuzz_master_socket(void)
{
    return own.http;
}
