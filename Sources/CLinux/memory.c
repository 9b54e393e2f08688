#include "clinux.h"
#include <malloc.h>

void moby_return_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
#endif
}
