/* protocol.c - framed messages on a stream socket.
 * SPDX-License-Identifier: Apache-2.0 */
#include "protocol.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool send_all(int fd, const char *data, size_t size, struct leti_error *err)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return leti_error_set(err, "the interpreter cannot be reached: %s", strerror(errno));
        data += n;
        size -= (size_t)n;
    }
    return true;
}

bool message_send(int fd, enum message_kind kind, const struct part *parts, size_t n,
                  struct leti_error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += parts[i].size;
    if (size > MESSAGE_MAX)
        return leti_error_set(err, "a message of %zu bytes is too long, at most %d", size,
                              (int)MESSAGE_MAX);
    struct message head = { .kind = kind, .size = (uint32_t)size };
    if (!send_all(fd, (const char *)&head, sizeof head, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!send_all(fd, parts[i].data, parts[i].size, err))
            return false;
    return true;
}

union descriptor_room {
    struct cmsghdr head; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

bool descriptor_send(int fd, int descriptor, struct leti_error *err)
{
    char byte = 0;
    union descriptor_room room = { .bytes = { 0 } };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = room.bytes,
                              .msg_controllen = sizeof room.bytes };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    ssize_t n;
    while ((n = sendmsg(fd, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return n == 1 || leti_error_set(err, "a descriptor cannot be sent: %s", strerror(errno));
}

bool descriptor_receive(int fd, int *out, struct leti_error *err)
{
    char byte;
    union descriptor_room room;
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = room.bytes,
                              .msg_controllen = sizeof room.bytes };
    ssize_t n;
    while ((n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    struct cmsghdr *head = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof *out))
        return leti_error_set(err, "a process did not shut itself in");
    memcpy(out, CMSG_DATA(head), sizeof *out);
    return true;
}

/* Waits until fd can be read or has ended. */
static bool wait_readable(int fd, int64_t deadline_ns, struct leti_error *err)
{
    for (;;) {
        int wait_ms = -1;
        if (deadline_ns != INT64_MAX) {
            int64_t left_ns = deadline_ns - clock_ns();
            if (left_ns <= 0)
                return leti_error_set(err, "the interpreter does not answer");
            wait_ms = (int)(left_ns / 1000000) + 1;
        }
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int n = poll(&p, 1, wait_ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return leti_error_set(err, "poll: %s", strerror(errno));
    }
}

static bool receive_all(int fd, int64_t deadline_ns, char *data, size_t size,
                        struct leti_error *err)
{
    while (size > 0) {
        if (!wait_readable(fd, deadline_ns, err))
            return false;
        ssize_t n = recv(fd, data, size, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return leti_error_set(err, "the interpreter cannot be heard: %s", strerror(errno));
        if (n == 0)
            return leti_error_set(err, "the interpreter has ended");
        data += n;
        size -= (size_t)n;
    }
    return true;
}

bool message_receive(int fd, int64_t deadline_ns, enum message_kind kind, char **out, size_t *size,
                     struct leti_error *err)
{
    struct message head;
    if (!receive_all(fd, deadline_ns, (char *)&head, sizeof head, err))
        return false;
    if (head.size > MESSAGE_MAX)
        return leti_error_set(err, "a message of %u bytes is too long, at most %d", head.size,
                              (int)MESSAGE_MAX);
    char *data = malloc((size_t)head.size + 1);
    if (!data)
        return leti_error_set(err, "no memory for a message of %u bytes", head.size);
    if (!receive_all(fd, deadline_ns, data, head.size, err))
        goto fail;
    data[head.size] = '\0';
    if (head.kind != (uint32_t)kind) {
        if (head.kind == MESSAGE_FAILED)
            leti_error_set(err, "%s", data);
        else
            leti_error_set(err, "message of kind %u where %d was expected", head.kind, (int)kind);
        goto fail;
    }
    *out = data;
    *size = head.size;
    return true;
fail:
    free(data);
    return false;
}
