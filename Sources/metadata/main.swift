internal import Glibc
internal import GuestMetadata

// Threads that still wait for somebody are left behind.
let status = Metadata.run(CommandLine.arguments)
fflush(nil)
_exit(status)
