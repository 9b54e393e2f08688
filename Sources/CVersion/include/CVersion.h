#pragma once

/// The text of the file VERSION.
const char *moby_version(void);

/// The commit that the program was built from, with "-dirty" when files differed from it; empty when it was not built
/// by make.
const char *moby_commit(void);

/// The version of the C library that runs.
const char *moby_libc_version(void);

/// The version of the Swift compiler; empty when the program was not built by make.
const char *moby_swift_version(void);
