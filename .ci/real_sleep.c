/* Preloaded before libfaketime, whose clock_nanosleep (0.9.10) counts a faked wall clock against a monotonic clock that
   is not faked and fails with EINVAL: every time.sleep of Python 3.11. Sleeping needs no faked clock. */
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
    int kept = errno;
    int failed = syscall(SYS_clock_nanosleep, clock, flags, wanted, left) == -1 ? errno : 0;
    errno = kept;
    return failed;
}
