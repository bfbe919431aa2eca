/* hub.c - the head's end of the protocol: made, fed, polled, taken down.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub/hub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.h"
#include "hub/hub_internal.h"

enum { DRAIN = 256, WAIT_MOST_MS = 50, LINGER_MS = 500 };
#define GOODBYE_SECONDS 2.0

void hub_say(struct hub *hub, const struct hub_stage *stage, enum leti_level level,
             const char *format, ...)
{
    if (!hub->handler.log)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n >= 0)
        hub->handler.log(hub->handler.context, stage ? stage->stage : NULL, level, text);
}

/* ---- sockets ---- */

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* A worker that comes back takes over its old place (HANDOVER); a frame to one that is not there
 * is an error, not silence (MANDATORY); credit bounds the queues, so they have no marks. */
static bool open_router(struct hub *hub, struct leti_error *err)
{
    int64_t most = WIRE_FRAME_BYTES;
    hub->context = zmq_ctx_new();
    hub->router = hub->context ? zmq_socket(hub->context, ZMQ_ROUTER) : NULL;
    if (!hub->router || !set_number(hub->router, ZMQ_ROUTER_MANDATORY, 1) ||
        !set_number(hub->router, ZMQ_ROUTER_HANDOVER, 1) ||
        !set_number(hub->router, ZMQ_SNDHWM, 0) || !set_number(hub->router, ZMQ_RCVHWM, 0) ||
        !set_number(hub->router, ZMQ_LINGER, LINGER_MS) ||
        zmq_setsockopt(hub->router, ZMQ_MAXMSGSIZE, &most, sizeof most) != 0 ||
        zmq_bind(hub->router, HUB_INPROC) != 0)
        return leti_error_set(err, "the head's socket: %s", zmq_strerror(zmq_errno()));
    return true;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return !strcmp(host, "[::1]");
}

/* "tcp://HOST:PORT" with the host "localhost" as the number that a bind needs. */
static bool split_endpoint(const char *endpoint, char *host, size_t host_size, const char **port,
                           struct leti_error *err)
{
    const char *begin = endpoint + strlen("tcp://");
    const char *colon = strncmp(endpoint, "tcp://", 6) ? NULL : strrchr(begin, ':');
    if (!colon || colon == begin || !colon[1])
        return leti_error_set(err, "listen: \"%s\" is not of the form tcp://HOST:PORT", endpoint);
    snprintf(host, host_size, "%.*s", (int)(colon - begin), begin);
    if (!strcmp(host, "localhost"))
        snprintf(host, host_size, "127.0.0.1");
    *port = colon + 1;
    return true;
}

static bool open_tcp(struct hub *hub, const char *listen, struct leti_error *err)
{
    char host[64], endpoint[128];
    const char *port = NULL;
    if (!split_endpoint(listen, host, sizeof host, &port, err))
        return false;
    if (!is_loopback(host))
        return leti_error_set(err,
                              "listen: %s is not a loopback address; others need CURVE keys, "
                              "which are not supported yet",
                              listen);
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%.32s", host, port);
    size_t size = sizeof hub->endpoint_tcp;
    if (!set_number(hub->router, ZMQ_IPV6, host[0] == '[') ||
        zmq_bind(hub->router, endpoint) != 0 ||
        zmq_getsockopt(hub->router, ZMQ_LAST_ENDPOINT, hub->endpoint_tcp, &size) != 0)
        return leti_error_set(err, "listen: %s: %s", listen, zmq_strerror(zmq_errno()));
    return true;
}

static bool refuses_connections(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused = n < (int)sizeof address.sun_path &&
                   connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    return refused;
}

/* Whether "BASE/leti-PID-XXXXXX" is of this user and of a process that is gone. */
static bool is_of_the_dead(const char *dir)
{
    struct stat folder;
    char *end;
    long pid = strtol(strrchr(dir, '/') + strlen("/leti-"), &end, 10);
    return pid > 0 && *end == '-' && lstat(dir, &folder) == 0 && S_ISDIR(folder.st_mode) &&
           folder.st_uid == geteuid() && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* A head that was killed could not remove its own. Both are asked: the number may be of a process
 * that lives in another container, the socket may be one that is just being made. */
static void remove_stale_folders(const char *base)
{
    char pattern[128], socket_path[128];
    glob_t found = { 0 };
    snprintf(pattern, sizeof pattern, "%s/leti-[0-9]*-??????", base);
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            snprintf(socket_path, sizeof socket_path, "%s/head", found.gl_pathv[i]);
            if (is_of_the_dead(found.gl_pathv[i]) && refuses_connections(socket_path)) {
                unlink(socket_path);
                rmdir(found.gl_pathv[i]);
            }
        }
    globfree(&found);
}

/* In a folder that only this user may enter; its path must stay short, as a socket's does. */
static bool open_ipc(struct hub *hub, struct leti_error *err)
{
    if (hub->ipc_dir)
        return true;
    const char *base = getenv("XDG_RUNTIME_DIR");
    if (!base || strlen(base) > 60 || access(base, W_OK) != 0)
        base = "/tmp";
    remove_stale_folders(base);
    if (asprintf(&hub->ipc_dir, "%s/leti-%ld-XXXXXX", base, (long)getpid()) < 0) {
        hub->ipc_dir = NULL;
        return leti_error_set(err, "out of memory");
    }
    if (!mkdtemp(hub->ipc_dir)) {
        leti_error_set(err, "%s: %s", hub->ipc_dir, strerror(errno));
        free(hub->ipc_dir);
        hub->ipc_dir = NULL;
        return false;
    }
    snprintf(hub->endpoint_ipc, sizeof hub->endpoint_ipc, "ipc://%s/head", hub->ipc_dir);
    hub->children = epoll_create1(EPOLL_CLOEXEC);
    if (hub->children < 0)
        return leti_error_set(err, "epoll: %s", strerror(errno));
    if (zmq_bind(hub->router, hub->endpoint_ipc) != 0)
        return leti_error_set(err, "%s: %s", hub->endpoint_ipc, zmq_strerror(zmq_errno()));
    return true;
}

static void close_ipc(struct hub *hub)
{
    if (hub->children >= 0)
        close(hub->children);
    if (!hub->ipc_dir)
        return;
    unlink(hub->endpoint_ipc + strlen("ipc://"));
    rmdir(hub->ipc_dir);
    free(hub->ipc_dir);
}

/* ---- stages ---- */

bool hub_add_stage(struct hub *hub, const struct stage *stage, struct leti_error *err)
{
    struct hub_stage **stages = realloc(hub->stages, (hub->n_stages + 1) * sizeof *stages);
    if (!stages)
        return leti_error_set(err, "out of memory");
    hub->stages = stages;
    bool is_remote = stage->placement == PLACE_REMOTE;
    size_t n_slots = is_remote                     ? 0
                     : stage->options.replicas > 0 ? (size_t)stage->options.replicas
                                                   : 1;
    struct hub_stage *added = calloc(1, sizeof *added);
    struct hub_slot *slots = calloc(n_slots + 1, sizeof *slots);
    if (!added || !slots) {
        free(added);
        free(slots);
        return leti_error_set(err, "out of memory");
    }
    *added = (struct hub_stage){
        .stage = stage,
        .name = stage->options.name,
        .kind = stage->plugin.desc->kind,
        .deadline = stage->options.deadline,
        .slots = slots,
    };
    hub->stages[hub->n_stages++] = added;
    if (is_remote && !hub->endpoint_tcp[0])
        return leti_error_set(err, "stage %s is placed remote, but the pipeline listens nowhere",
                              added->name);
    if (stage->placement == PLACE_PROCESS && !open_ipc(hub, err))
        return false;
    for (size_t i = 0; i < n_slots; i++, added->n_slots++) {
        slots[i] = (struct hub_slot){ .stage = added, .number = i + 1 };
        if (!hub_start_worker(hub, &slots[i], err))
            return false;
    }
    return true;
}

const char *hub_endpoint(const struct hub *hub)
{
    return hub->endpoint_tcp[0] ? hub->endpoint_tcp : NULL;
}

/* ---- polling ---- */

static bool drain(struct hub *hub, size_t *n, bool *all_read, struct leti_error *err)
{
    bool got = true;
    hub_turn(hub);
    for (int i = 0; i < DRAIN && got; i++) {
        if (!hub_receive(hub, &got, err))
            return false;
        *n += got;
    }
    *all_read = !got;
    return true;
}

static void wait_for_something(struct hub *hub, double until)
{
    double wait = until - clock_seconds();
    long wait_ms = wait <= 0                     ? 0
                   : wait * 1000 >= WAIT_MOST_MS ? WAIT_MOST_MS
                                                 : (long)(wait * 1000) + 1;
    for (size_t i = 0; i < hub->n_workers; i++)
        if (hub->workers[i]->died && wait_ms > 10)
            wait_ms = 10;
    zmq_pollitem_t items[] = {
        { .socket = hub->router, .events = ZMQ_POLLIN },
        { .fd = hub->children, .events = ZMQ_POLLIN },
    };
    zmq_poll(items, hub->children >= 0 ? 2 : 1, wait_ms);
    if (items[1].revents)
        hub->tick_due = 0;
}

bool hub_poll(struct hub *hub, int timeout_ms, size_t *handled, struct leti_error *err)
{
    double end = clock_seconds() + timeout_ms * 1e-3;
    size_t n = 0;
    bool busy = false, all_read = false;
    for (;;) {
        if (!drain(hub, &n, &all_read, err) || !hub_keep_time(hub, all_read, err) ||
            !hub_give(hub, &busy, err))
            return false;
        if (n || hub->now >= end)
            break;
        wait_for_something(hub, busy ? 0 : end);
    }
    if (handled)
        *handled = n;
    return true;
}

/* ---- life ---- */

bool hub_create(const struct hub_config *config, const struct hub_handler *handler,
                struct hub **out, struct leti_error *err)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return leti_error_set(err, "out of memory");
    hub->children = -1;
    hub->handler = *handler;
    hub->seed = config->seed;
    hub->beat = config->beat_seconds > 0 ? config->beat_seconds : 1;
    hub->next_use = 1;
    hub->run_dir = strdup(config->run_dir);
    hub->program = strdup(config->program ? config->program : "/proc/self/exe");
    if (!hub->run_dir || !hub->program) {
        leti_error_set(err, "out of memory");
        goto fail;
    }
    if (getrandom(&hub->id, sizeof hub->id, 0) != (ssize_t)sizeof hub->id) {
        leti_error_set(err, "getrandom: %s", strerror(errno));
        goto fail;
    }
    if (!open_router(hub, err) || (config->listen && !open_tcp(hub, config->listen, err)))
        goto fail;
    *out = hub;
    return true;
fail:
    hub_destroy(hub);
    return false;
}

static void say_goodbye(struct hub *hub)
{
    for (size_t i = 0; i < hub->n_workers; i++)
        hub_send(hub, hub->workers[i], &(struct wire_message){ .kind = WIRE_BYE });
}

static bool some_process_lives(struct hub *hub)
{
    for (size_t i = 0; i < hub->n_workers; i++)
        if (hub->workers[i]->pid > 0)
            return true;
    return false;
}

static void end_processes(struct hub *hub, double until)
{
    while (some_process_lives(hub) && clock_seconds() < until) {
        struct epoll_event event;
        epoll_wait(hub->children, &event, 1, 20);
        hub_note_children(hub);
    }
    for (size_t i = 0; i < hub->n_workers; i++)
        if (hub->workers[i]->pid > 0)
            hub_end_process(hub, hub->workers[i]);
}

static void end_threads(struct hub *hub, double until)
{
    for (size_t i = 0; i < hub->n_workers; i++)
        if (hub->workers[i]->thread)
            hub_release_thread(hub->workers[i]->thread, until);
    for (size_t i = 0; i < hub->n_strays; i++)
        hub_release_thread(hub->strays[i], until);
    free(hub->strays);
}

static void free_everything(struct hub *hub)
{
    while (hub->n_workers)
        hub_free_worker(hub, hub->workers[0]);
    for (size_t i = 0; i < hub->n_units; i++)
        if (hub->units[i])
            hub_free_unit(hub, hub->units[i]);
    for (size_t i = 0; i < hub->n_stages; i++) {
        free(hub->stages[i]->slots);
        free(hub->stages[i]);
    }
    free(hub->workers);
    free(hub->units);
    free(hub->free_units);
    free(hub->stages);
    wire_frame_free(&hub->frame);
    arena_free(&hub->arena);
    free(hub->run_dir);
    free(hub->program);
    free(hub);
}

void hub_destroy(struct hub *hub)
{
    if (!hub)
        return;
    double until = clock_seconds() + GOODBYE_SECONDS;
    if (hub->router)
        say_goodbye(hub);
    end_processes(hub, until);
    if (hub->context)
        zmq_ctx_shutdown(hub->context); /* who has not said Hello yet cannot hear Bye */
    end_threads(hub, until);
    if (hub->router)
        zmq_close(hub->router);
    if (hub->context)
        zmq_ctx_term(hub->context);
    close_ipc(hub);
    free_everything(hub);
}
