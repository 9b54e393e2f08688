#include "CVersion.h"
#include <gnu/libc-version.h>

#pragma clang diagnostic ignored "-Wc23-extensions"
static const char version[] = {
#embed "../../VERSION"
    , 0
};

const char *moby_version(void) { return version; }

const char *moby_libc_version(void) { return gnu_get_libc_version(); }

// make writes Built.c with the real ones.
__attribute__((weak)) const char *moby_commit(void) { return ""; }
__attribute__((weak)) const char *moby_swift_version(void) { return ""; }
