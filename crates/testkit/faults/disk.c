/* A disk and a clock that fail at will, for tests: a library that is preloaded into the real program
 * (LD_PRELOAD). It stands before the few functions of the C library that write to files or tell the
 * time, and is told what to do while the program runs. Linux only.
 *
 * DISK_FAULTS_FOLDER  only files in this folder fail, given without symbolic links. Standard output
 *                     and standard error never do.
 * DISK_FAULTS_CONTROL a file of three 64-bit integers, mapped into memory, so that looking costs
 *                     nothing: which fault there is, by how many seconds the clock is off, and, counted
 *                     here, how many calls have failed.
 *
 * Without either it does nothing. SQLite as it is bundled calls pwrite64 and fsync; the others are here
 * so that another build of it is not spared. */
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

static struct control nothing;
static struct control *control = &nothing;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_FAULTS_CONTROL");
    folder = getenv("DISK_FAULTS_FOLDER");
    if (path == NULL || folder == NULL) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof nothing, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) control = map;
}

/* The function that this library stands before. */
#define REAL(name)                                                       \
    static __typeof__(name) *real;                                       \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is_ours(int fd) {
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) return 0;
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
    int before = errno, ours = is_ours(fd);
    errno = before;
    return ours;
}

/* Whether a file is to end there, and there is no room for it. What it has already, it keeps. */
static int has_no_room(int fd, off64_t end) {
    struct stat64 found;
    return is_failing(NO_ROOM, fd) && fstat64(fd, &found) == 0 && end > found.st_size;
}

static off64_t place(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return lseek64(fd, 0, flags >= 0 && flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

static void count(void) { __atomic_fetch_add(&control->failures, 1, __ATOMIC_RELAXED); }

#define FAIL(number) return count(), errno = (number), -1

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    if (is_failing(NO_ROOM, fd) && has_no_room(fd, place(fd) + (off64_t)size)) FAIL(ENOSPC);
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

/* A file made longer by ftruncate has a hole there, which takes no room: that succeeds on a full disk. */
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

/* These two give the error instead of setting errno. */
int posix_fallocate(int fd, off_t offset, off_t length) {
    REAL(posix_fallocate);
    if (has_no_room(fd, (off64_t)offset + length)) return count(), ENOSPC;
    return real(fd, offset, length);
}

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    REAL(posix_fallocate64);
    if (has_no_room(fd, offset + length)) return count(), ENOSPC;
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

/* The clock that measures durations stays right, as in a machine whose date is set. */
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
