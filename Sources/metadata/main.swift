internal import Glibc
internal import GuestMetadata

// Threads that still wait for a provider are left behind.
let status = MetadataProgram.run(CommandLine.arguments)
fflush(nil)
_exit(status)
