/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/notifier/send.h"

/* What it answers is of no interest. */
static size_t discard(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static struct curl_slist *make_headers(const struct notify_settings *settings)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (settings->token[0] && settings->kind == NOTIFY_WEBHOOK) {
        char *line = mem_printf("Authorization: Bearer %s", settings->token);
        headers = curl_slist_append(headers, line);
        free(line);
    }
    return headers;
}

/* Redirects are not followed: a token goes where it was meant to, or nowhere. */
static void set_options(CURL *curl, const struct notify_settings *settings, const char *body,
                        struct curl_slist *headers, char *error)
{
    curl_easy_setopt(curl, CURLOPT_URL, settings->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)settings->timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "muster/" MUSTER_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
}

static enum send_result judge(long status, struct err *err)
{
    if (status >= 200 && status < 300)
        return SEND_DONE;
    err_set(err, ERR_UNAVAILABLE, "the server answers with status %ld", status);
    bool may_pass = status >= 500 || status == 408 || status == 425 || status == 429;
    return may_pass ? SEND_AGAIN : SEND_NEVER;
}

static enum send_result post(const struct notify_settings *settings, const char *body,
                             struct err *err)
{
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_set(err, ERR_SYSTEM, "libcurl cannot be used"), SEND_AGAIN;
    struct curl_slist *headers = make_headers(settings);
    set_options(curl, settings, body, headers, error);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return judge(status, err);
    err_set(err, ERR_UNAVAILABLE, "%s", error[0] ? error : curl_easy_strerror(code));
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? SEND_NEVER
                                                                             : SEND_AGAIN;
}

enum send_result send_http(const struct notify_settings *settings, const struct message *message,
                           struct err *err)
{
    if (settings->kind == NOTIFY_WEBHOOK)
        return post(settings, message->json, err);
    struct buf body;
    buf_init(&body, MESSAGE_MAX * 8);
    enum send_result result = SEND_NEVER;
    if (message_slack(message, &body) < 0)
        err_set(err, ERR_LIMIT, "the message is too large");
    else
        result = post(settings, buf_text(&body), err);
    buf_finish(&body);
    return result;
}
