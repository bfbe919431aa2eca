/* endpoint - where Prometheus asks for the page.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 16, SECONDS_OF_SILENCE = 10, BACKLOG = 16 };

struct endpoint {
    struct MHD_Daemon *daemon;
    struct page *page;
    char url[128];
};

/* ---- answers ---- */

/* Takes the response, which may be NULL. */
static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_words(struct MHD_Connection *connection, unsigned status,
                                  const char *words)
{
    return respond(
        connection, status, "text/plain; charset=utf-8",
        MHD_create_response_from_buffer(strlen(words), (char *)words, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_page(struct endpoint *endpoint, struct MHD_Connection *connection)
{
    size_t size;
    char *text = page_text(endpoint->page, &size);
    if (!text)
        return send_words(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return respond(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", response);
}

/* Called first with the head of a request, then for its body, of which none is read. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static int seen;
    (void)version;
    (void)upload;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return send_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    *upload_size = 0;
    if (!strcmp(url, "/metrics"))
        return send_page(context, connection);
    return send_words(connection, MHD_HTTP_NOT_FOUND, "the numbers are at /metrics\n");
}

/* ---- the address ---- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* "[::1]:9464" into "::1" and "9464". */
static bool split(const char *address, char host[64], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t size = colon ? (size_t)(colon - address) : 0;
    bool brackets = size > 2 && address[0] == '[' && address[size - 1] == ']';
    address += brackets;
    size -= brackets ? 2 : 0;
    if (!size || size >= 64 || !colon[1] || (!brackets && memchr(address, ':', size)))
        return false;
    memcpy(host, address, size);
    host[size] = '\0';
    *port = colon + 1;
    return true;
}

/* The caller frees *out with freeaddrinfo. */
static bool resolve(const char *address, struct addrinfo **out, struct leti_error *err)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    char host[64];
    const char *port;
    if (split(address, host, &port) && strspn(port, "0123456789") == strlen(port) &&
        strtoul(port, NULL, 10) <= 65535 && !getaddrinfo(host, port, &hints, out))
        return true;
    return leti_error_set(err,
                          "option \"listen\" must be ADDRESS:PORT in numbers, as in "
                          "127.0.0.1:9464 or [::1]:9464, not \"%s\"",
                          address);
}

/* ---- the socket ---- */

static bool bind_and_listen(int fd, const struct addrinfo *at)
{
    int yes = 1;
    return !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) &&
           !bind(fd, at->ai_addr, at->ai_addrlen) && !listen(fd, BACKLOG);
}

static bool open_socket(const char *address, bool is_public, int *out, struct leti_error *err)
{
    struct addrinfo *at;
    if (!resolve(address, &at, err))
        return false;
    bool allowed = is_public || is_loopback(at->ai_addr);
    int fd = allowed ? socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool listens = fd >= 0 && bind_and_listen(fd, at);
    int why = errno;
    freeaddrinfo(at);
    if (listens) {
        *out = fd;
        return true;
    }
    if (fd >= 0)
        close(fd);
    if (!allowed)
        return leti_error_set(err,
                              "option \"listen\": %s can be reached from other machines, "
                              "which must be said: public = true",
                              address);
    return leti_error_set(err, "cannot listen at %s: %s", address, strerror(why));
}

static bool write_url(struct endpoint *endpoint, int fd, struct leti_error *err)
{
    struct sockaddr_storage at = { 0 };
    socklen_t size = sizeof at;
    char host[64], port[16];
    if (getsockname(fd, (struct sockaddr *)&at, &size) ||
        getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return leti_error_set(err, "cannot tell its own address");
    bool v6 = at.ss_family == AF_INET6;
    snprintf(endpoint->url, sizeof endpoint->url, "http://%s%s%s:%s/metrics", v6 ? "[" : "", host,
             v6 ? "]" : "", port);
    return true;
}

/* ---- life ---- */

/* The daemon closes the socket when it stops. */
static bool start_daemon(struct endpoint *endpoint, int fd, struct leti_error *err)
{
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, answer, endpoint,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS_OF_SILENCE, MHD_OPTION_END);
    return endpoint->daemon || leti_error_set(err, "cannot start an HTTP server");
}

bool endpoint_open(const char *address, bool is_public, struct page *page, struct endpoint **out,
                   struct leti_error *err)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    int fd = -1;
    if (!endpoint)
        return leti_error_set(err, "out of memory");
    endpoint->page = page;
    if (open_socket(address, is_public, &fd, err) && write_url(endpoint, fd, err) &&
        start_daemon(endpoint, fd, err)) {
        *out = endpoint;
        return true;
    }
    if (fd >= 0)
        close(fd);
    free(endpoint);
    return false;
}

void endpoint_close(struct endpoint *endpoint)
{
    MHD_stop_daemon(endpoint->daemon);
    free(endpoint);
}

const char *endpoint_url(const struct endpoint *endpoint)
{
    return endpoint->url;
}
