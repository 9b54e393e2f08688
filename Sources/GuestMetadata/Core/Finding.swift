/// What a provider said about this machine.
struct Finding: Sendable, Equatable {
    /// As `/run/config/provider` has it.
    var provider: String
    /// For the console, e.g. `CDROM /dev/sr0`.
    var origin: String
    var hostname: String?
    /// Lines of an `authorized_keys` file.
    var keys: [String] = []
    var userData: [UInt8]?
    /// What of it could not be had.
    var faults: [MetadataError] = []

    /// User data and values that are longer are refused: they go into the machine's memory.
    static let longest = 16 << 20
}

/// What came of asking a provider.
enum Answer: Sendable, Equatable {
    case found(Finding)
    case absent(String)
}
