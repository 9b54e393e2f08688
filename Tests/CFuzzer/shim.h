#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer's driver (LLVM, "Using libFuzzer as a library"); it is there in builds with `-sanitize=fuzzer` alone.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one)(const uint8_t *data, size_t size));
