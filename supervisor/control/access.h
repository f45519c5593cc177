/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_ACCESS_H
#define SUPERVISOR_CONTROL_ACCESS_H

#include <stdbool.h>

/*
 * Who may do what over HTTP: pure, but for the time that passwords take. A listener has the user
 * that Supervisor's username and password name, who may do everything, and may have another one who
 * only reads.
 */
struct access_rules {
    const char *username; /* "": nobody is asked, where there is no token either */
    const char *password;
    const char *reader; /* "": there is none */
    const char *reader_password;
    const char *token; /* of who may do everything without a name; "": there is none */
};

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_UNKNOWN,   /* 401: who is it? */
    ACCESS_FORBIDDEN, /* 403: known, but may not; or sent here by a page of somebody else */
};

/* What is known of a request; texts may be NULL where it has none. */
struct access_request {
    const char *user;
    const char *password;
    const char *token;
    bool changes;           /* it wants to change something */
    const char *fetch_site; /* Sec-Fetch-Site: a browser says where a request comes from */
    const char *content_type;
};

/* *role gets who it is, where it is somebody. */
enum access_role { ACCESS_READER, ACCESS_OPERATOR };
enum access_verdict access_judge(const struct access_rules *rules,
                                 const struct access_request *request, enum access_role *role);

/* True where a page of another site may have made a browser send it: one that changes something
 * comes from our own page, or from no browser, and carries a type that forms cannot send. */
bool access_is_forged(const struct access_request *request);

#endif
