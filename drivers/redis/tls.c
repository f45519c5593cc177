/* SPDX-License-Identifier: MIT */
#include "drivers/redis/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "common/mem.h"

struct tls {
    SSL *ssl;
    bool is_open; /* the handshake is through, and nothing has gone wrong since */
};

/* --- the socket below: OpenSSL's own would raise SIGPIPE --- */

static int socket_write(BIO *bio, const char *bytes, int length)
{
    int fd = (int)(intptr_t)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t put = send(fd, bytes, (size_t)length, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)put;
}

static int socket_read(BIO *bio, char *bytes, int length)
{
    int fd = (int)(intptr_t)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(fd, bytes, (size_t)length, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)got;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number, (void)pointer;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *socket_method;
static pthread_once_t socket_method_once = PTHREAD_ONCE_INIT;

static void make_socket_method(void)
{
    socket_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(socket_method, socket_write);
    BIO_meth_set_read(socket_method, socket_read);
    BIO_meth_set_ctrl(socket_method, socket_control);
}

static BIO *socket_bio(int fd)
{
    pthread_once(&socket_method_once, make_socket_method);
    BIO *bio = BIO_new(socket_method);
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    return bio;
}

/* --- making --- */

/* What OpenSSL has to say of the last failure. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "unknown error";
}

static int load_files(SSL_CTX *context, const struct connection_settings *settings, struct err *err)
{
    const char *key = settings->tls_key[0] ? settings->tls_key : settings->tls_cert;
    int trusted = settings->tls_ca[0]
                      ? SSL_CTX_load_verify_locations(context, settings->tls_ca, NULL)
                      : SSL_CTX_set_default_verify_paths(context);
    if (trusted != 1)
        return err_set(err, ERR_INVALID, "tls_ca: cannot use %s: %s", settings->tls_ca, reason());
    if (!settings->tls_cert[0])
        return 0;
    if (SSL_CTX_use_certificate_chain_file(context, settings->tls_cert) != 1)
        return err_set(err, ERR_INVALID, "tls_cert: cannot use %s: %s", settings->tls_cert,
                       reason());
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return err_set(err, ERR_INVALID, "tls_key: cannot use %s: %s", key, reason());
    return 0;
}

static SSL_CTX *context_new(const struct connection_settings *settings, struct err *err)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        err_set(err, ERR_SYSTEM, "TLS: %s", reason());
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (load_files(context, settings, err) == 0)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static bool is_address(const char *name)
{
    unsigned char room[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, room) == 1 || inet_pton(AF_INET6, name, room) == 1;
}

static void expect_name(SSL *ssl, const char *name)
{
    if (is_address(name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
        return;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, name);
    SSL_set_tlsext_host_name(ssl, name);
}

struct tls *redis_tls_new(const struct connection_settings *settings, const char *name, int fd,
                          struct err *err)
{
    SSL_CTX *context = context_new(settings, err);
    if (!context)
        return NULL;
    struct tls *tls = mem_new(1, sizeof *tls);
    tls->ssl = SSL_new(context);
    SSL_CTX_free(context); /* the SSL holds it */
    BIO *bio = socket_bio(fd);
    SSL_set_bio(tls->ssl, bio, bio);
    expect_name(tls->ssl, name);
    return tls;
}

void redis_tls_destroy(struct tls *tls)
{
    if (!tls)
        return;
    if (tls->is_open)
        SSL_shutdown(tls->ssl);
    SSL_free(tls->ssl);
    ERR_clear_error();
    free(tls);
}

/* --- steps --- */

static int over(struct tls *tls, struct err *err)
{
    long verified = SSL_get_verify_result(tls->ssl);
    bool was_open = tls->is_open;
    tls->is_open = false;
    if (!was_open && verified != X509_V_OK)
        return err_set(err, ERR_INVALID, "the server's certificate is refused: %s",
                       X509_verify_cert_error_string(verified));
    unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET)
        return err_set(err, ERR_INVALID, "the server refuses TLS: %s", reason());
    if (code)
        return err_set(err, ERR_UNAVAILABLE, "TLS: %s", reason());
    return err_set(err, ERR_UNAVAILABLE, "the server has closed the connection");
}

/* Looks at the result of an SSL call: returns it where something was done, 0 where it has to be
 * repeated, -1 where the connection is over. */
static int result_of(struct tls *tls, int result, short *wants, struct err *err)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *wants = POLLIN;
        return 0;
    case SSL_ERROR_WANT_WRITE:
        *wants = POLLOUT;
        return 0;
    default:
        return over(tls, err);
    }
}

int redis_tls_handshake(struct tls *tls, short *wants, struct err *err)
{
    ERR_clear_error();
    int result = result_of(tls, SSL_connect(tls->ssl), wants, err);
    tls->is_open = result > 0;
    return result;
}

ssize_t redis_tls_read(struct tls *tls, void *bytes, size_t size, short *wants, struct err *err)
{
    ERR_clear_error();
    return result_of(tls, SSL_read(tls->ssl, bytes, size < INT_MAX ? (int)size : INT_MAX), wants,
                     err);
}

ssize_t redis_tls_write(struct tls *tls, const void *bytes, size_t size, short *wants,
                        struct err *err)
{
    ERR_clear_error();
    return result_of(tls, SSL_write(tls->ssl, bytes, size < INT_MAX ? (int)size : INT_MAX), wants,
                     err);
}
