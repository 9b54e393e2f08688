internal import Glibc
internal import GuestInit

exit(Program.run(CommandLine.arguments))
