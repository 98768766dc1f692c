/* Injects faults of the disk and the clock into the real program, for tests. Preloaded (LD_PRELOAD), it
 * interposes the functions of the C library that write files or read the time. The test controls it while
 * the program runs. Linux only.
 *
 * DISK_FAULTS_FOLDER  the folder whose files fail, without symbolic links.
 * DISK_FAULTS_CONTROL a file of three 64-bit integers, mapped into memory so that reading it costs no
 *                     system call: the fault, the clock offset in seconds, and the number of failed calls,
 *                     which this library counts.
 *
 * Without these variables it does nothing. The bundled SQLite calls pwrite64 and fsync; the other functions
 * cover other builds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum fault { NONE = 0, NO_ROOM = 1, FAILING_SYNC = 2 };

struct control {
    volatile int64_t fault;
    volatile int64_t clock_offset_seconds;
    int64_t failures;
};

static struct control no_control;
static struct control *control = &no_control;
static const char *folder;

__attribute__((constructor)) static void map_control(void) {
    const char *path = getenv("DISK_FAULTS_CONTROL");
    folder = getenv("DISK_FAULTS_FOLDER");
    if (path == NULL || folder == NULL) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof no_control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) control = map;
}

/* Declares `real`, the interposed function. */
#define REAL(name)                                                       \
    static __typeof__(name) *real;                                       \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is_in_folder(int fd) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    size_t prefix = strlen(folder);
    return strncmp(path, folder, prefix) == 0 && path[prefix] == '/';
}

static int is_failing(enum fault fault, int fd) {
    if (control->fault != fault) return 0;
    int before = errno, in_folder = is_in_folder(fd);
    errno = before;
    return in_folder;
}

/* True if the write would make the file longer on a full disk. Overwriting still succeeds. */
static int has_no_room(int fd, off64_t end) {
    struct stat64 found;
    return is_failing(NO_ROOM, fd) && fstat64(fd, &found) == 0 && end > found.st_size;
}

static off64_t write_position(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return lseek64(fd, 0, flags >= 0 && flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

static void count_failure(void) { __atomic_fetch_add(&control->failures, 1, __ATOMIC_RELAXED); }

#define FAIL(number) return count_failure(), errno = (number), -1

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    if (is_failing(NO_ROOM, fd) && has_no_room(fd, write_position(fd) + (off64_t)size)) FAIL(ENOSPC);
    return real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    REAL(pwrite);
    if (has_no_room(fd, (off64_t)offset + (off64_t)size)) FAIL(ENOSPC);
    return real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
    REAL(pwrite64);
    if (has_no_room(fd, offset + (off64_t)size)) FAIL(ENOSPC);
    return real(fd, bytes, size, offset);
}

/* ftruncate is not interposed: it makes a hole, which succeeds on a full disk. */
int fallocate(int fd, int mode, off_t offset, off_t length) {
    REAL(fallocate);
    if (has_no_room(fd, (off64_t)offset + length)) FAIL(ENOSPC);
    return real(fd, mode, offset, length);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    REAL(fallocate64);
    if (has_no_room(fd, offset + length)) FAIL(ENOSPC);
    return real(fd, mode, offset, length);
}

/* These two return the error instead of setting errno. */
int posix_fallocate(int fd, off_t offset, off_t length) {
    REAL(posix_fallocate);
    if (has_no_room(fd, (off64_t)offset + length)) return count_failure(), ENOSPC;
    return real(fd, offset, length);
}

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    REAL(posix_fallocate64);
    if (has_no_room(fd, offset + length)) return count_failure(), ENOSPC;
    return real(fd, offset, length);
}

int fsync(int fd) {
    REAL(fsync);
    if (is_failing(FAILING_SYNC, fd)) FAIL(EIO);
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    if (is_failing(FAILING_SYNC, fd)) FAIL(EIO);
    return real(fd);
}

/* CLOCK_MONOTONIC stays right, as on a machine whose date is set. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += control->clock_offset_seconds;
    }
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(gettimeofday);
    int result = real(now, zone);
    if (result == 0) now->tv_sec += control->clock_offset_seconds;
    return result;
}

time_t time(time_t *out) {
    REAL(time);
    time_t now = real(NULL) + control->clock_offset_seconds;
    if (out != NULL) *out = now;
    return now;
}
