/// Which programs know a key.
enum Since: String, Sendable {
    /// All, from the first `moby` on.
    case always = "2017"
    /// The first `moby` only; LinuxKit of today does not accept it.
    case only2017 = "2017 only"
    /// LinuxKit's for some years; that of today does not accept it.
    case formerLinuxkit = "LinuxKit, once"
    case linuxkit = "LinuxKit"
    /// An addition of ours.
    case ours = "moby"
}
