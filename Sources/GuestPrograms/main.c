// What surrounds the Swift of the guest's programs.
#include "cinit.h"
#include <stdlib.h>
#include <sys/random.h>

/// Swift's main.
int guest_main(int count, char **values);

static int argument_count;
static char **arguments;

int libc_argument_count(void) { return argument_count; }
char *libc_argument(int index) { return arguments[index]; }

/// Seeds Swift's hashes. Early in the boot the kernel may have no random numbers yet; PID 1 does not wait for them.
void arc4random_buf(void *buffer, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = getrandom((char *)buffer + done, size - done, GRND_INSECURE);
        // Before Linux 5.6.
        if (count < 0) count = getrandom((char *)buffer + done, size - done, GRND_NONBLOCK);
        if (count < 0) return;
        done += count;
    }
}

int main(int count, char **values) {
    cinit_early(count, values);
    argument_count = count;
    arguments = values;
    return guest_main(count, values);
}
