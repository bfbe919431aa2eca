/* fake.h - what the fake stages share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_H
#define FAKE_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* Stands for the work that a real stage would do. */
static inline void fake_work(int64_t us)
{
    struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    if (us)
        nanosleep(&time, NULL);
}

/* A fake model is a folder with one number in it. */
static inline uint64_t fake_model(const char *dir)
{
    char path[4096];
    unsigned long long number = 0;
    snprintf(path, sizeof path, "%s/model.txt", dir);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%llu", &number) != 1)
        number = 0;
    fclose(file);
    return number;
}

#endif
