internal import Glibc
internal import GuestInit

exit(InitProgram.run(CommandLine.arguments))
