/* event_file - a file of events that TensorBoard reads.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "event_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events.pb-c.h"

/* ---- records ---- */

/* CRC-32C (Castagnoli), bits reflected; records are short and few. */
static uint32_t crc32c(const uint8_t *bytes, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* Turned and shifted, so that the checksum of bytes that hold checksums is sound. */
static uint32_t masked_crc(const uint8_t *bytes, size_t size)
{
    uint32_t crc = crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_little_endian(uint8_t *to, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static bool put_record(FILE *out, const uint8_t *message, size_t size)
{
    uint8_t head[12], tail[4];
    put_little_endian(head, size, 8);
    put_little_endian(head + 8, masked_crc(head, 8), 4);
    put_little_endian(tail, masked_crc(message, size), 4);
    return fwrite(head, sizeof head, 1, out) == 1 && fwrite(message, size, 1, out) == 1 &&
           fwrite(tail, sizeof tail, 1, out) == 1 && !fflush(out);
}

static bool put_event(struct event_file *file, const Tensorboard__Event *event,
                      struct leti_error *err)
{
    size_t size = tensorboard__event__get_packed_size(event);
    uint8_t *message = malloc(size + 1);
    if (!message)
        return leti_error_set(err, "out of memory for an event of %zu bytes", size);
    tensorboard__event__pack(event, message);
    bool written = put_record(file->out, message, size);
    free(message);
    return written || leti_error_set(err, "%s: %s", file->path, strerror(errno));
}

/* ---- events ---- */

static bool put_version(struct event_file *file, double time, struct leti_error *err)
{
    char version[] = "brain.Event:2";
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    event.wall_time = time;
    event.what_case = TENSORBOARD__EVENT__WHAT_FILE_VERSION;
    event.file_version = version;
    return put_event(file, &event, err);
}

bool event_file_scalar(struct event_file *file, double time, int64_t step, const char *tag,
                       double value, struct leti_error *err)
{
    Tensorboard__Scalar scalar = TENSORBOARD__SCALAR__INIT, *scalars[] = { &scalar };
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    scalar.tag = (char *)tag;
    scalar.value_case = TENSORBOARD__SCALAR__VALUE_SIMPLE_VALUE;
    scalar.simple_value = (float)value;
    summary.n_value = 1;
    summary.value = scalars;
    event.wall_time = time;
    event.step = step;
    event.what_case = TENSORBOARD__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    return put_event(file, &event, err);
}

bool event_file_restart(struct event_file *file, double time, int64_t step, struct leti_error *err)
{
    Tensorboard__Session session = TENSORBOARD__SESSION__INIT;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    session.status = 1;
    event.wall_time = time;
    event.step = step;
    event.what_case = TENSORBOARD__EVENT__WHAT_SESSION_LOG;
    event.session_log = &session;
    return put_event(file, &event, err);
}

/* ---- the file ---- */

/* TensorBoard reads files of this form, in the order of their names. */
static char *name_file(const char *folder, double time)
{
    char host[HOST_NAME_MAX + 1] = "", *path = NULL;
    if (gethostname(host, sizeof host - 1))
        snprintf(host, sizeof host, "localhost");
    int size =
        asprintf(&path, "%s/events.out.tfevents.%017.6f.%s.%d", folder, time, host, (int)getpid());
    return size < 0 ? NULL : path;
}

bool event_file_open(const char *folder, double time, struct event_file *out,
                     struct leti_error *err)
{
    if (mkdir(folder, 0777) && errno != EEXIST)
        return leti_error_set(err, "%s: %s", folder, strerror(errno));
    struct event_file file = { .path = name_file(folder, time) };
    if (!file.path)
        return leti_error_set(err, "out of memory");
    file.out = fopen(file.path, "wxe");
    if (!file.out)
        leti_error_set(err, "%s: %s", file.path, strerror(errno));
    if (!file.out || !put_version(&file, time, err)) {
        event_file_close(&file);
        return false;
    }
    *out = file;
    return true;
}

void event_file_close(struct event_file *file)
{
    if (file->out)
        fclose(file->out); /* every record was flushed */
    free(file->path);
    *file = (struct event_file){ 0 };
}
