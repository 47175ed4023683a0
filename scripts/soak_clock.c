/* Loaded before everything else into the Home Assistant that scripts/soak runs: moves the clock on the wall, and fills
 * the disk for the files of state. What to do stands in a small file that the soak maps and changes at any time; the
 * clock that only ever goes forward is left alone, as when somebody sets the time of a real machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct orders {
    int64_t seconds; /* the clock is ahead by so many */
    int64_t full;    /* not 0: nothing more can be written below SOAK_FULL */
};

static const struct orders none;
static const volatile struct orders *orders = &none;
static const char *below;
static int (*real_clock)(clockid_t, struct timespec *);
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SOAK_ORDERS");
    real_clock = dlsym(RTLD_NEXT, "clock_gettime");
    real_write = dlsym(RTLD_NEXT, "write");
    below = getenv("SOAK_FULL");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *orders, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        orders = mapped;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = real_clock(which, now);
    if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += orders->seconds;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact))
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (orders->full && below) {
        char link[32], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length > 0 && !strncmp(path, below, strlen(below))) {
            errno = ENOSPC;
            return -1;
        }
    }
    return real_write(file, bytes, count);
}
