internal import Glibc
internal import GuestMetadata

// Two programs in one file, by the name that it has in its image. Threads that still wait for a provider are left
// behind.
let isCloudInit = CommandLine.arguments.first?.hasSuffix("/cloud-init") ?? false
let status = isCloudInit ? CloudInitProgram.run(CommandLine.arguments) : MetadataProgram.run(CommandLine.arguments)
fflush(nil)
_exit(status)
