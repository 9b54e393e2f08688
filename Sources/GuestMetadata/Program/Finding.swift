internal import Glibc
internal import GuestSystem

/// A small file of `/run/config`, such as `public_ipv4`.
struct Fact: Sendable, Equatable {
    let name: String
    let bytes: [UInt8]

    init(name: String, bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

    /// One line.
    init(name: String, text: String) { self.init(name: name, bytes: Array("\(text)\n".utf8)) }
}

/// A file of `/run/config/credentials`.
struct FirmwareCredential: Sendable, Equatable {
    let name: String
    let bytes: [UInt8]
}

/// The metadata that a provider has for this machine.
struct Finding: Sendable, Equatable {
    /// As `/run/config/provider` has it.
    var provider: String
    /// For the log, such as `CDROM /dev/sr0`.
    var origin: String
    var hostname: String?
    /// Lines of an `authorized_keys` file.
    var keys: [String] = []
    var userData: [UInt8]?
    var facts: [Fact] = []
    var credentials: [FirmwareCredential] = []
    /// What could not be read.
    var errors: [MetadataError] = []

    /// Limit of user data and other values in bytes: they are kept in the machine's memory.
    static let longest = 16 << 20

    /// Takes what this finding does not have from another one.
    mutating func complete(with other: Finding) {
        hostname = hostname ?? other.hostname
        userData = userData ?? other.userData
        add(keys: other.keys)
        for fact in other.facts where !facts.contains(where: { $0.name == fact.name }) { facts.append(fact) }
        for credential in other.credentials where !credentials.contains(where: { $0.name == credential.name }) {
            credentials.append(credential)
        }
        errors += other.errors
    }
}

/// The result of asking a provider.
enum ProviderResult: Sendable, Equatable {
    case found(Finding)
    case absent(String)
}

/// Metadata that cannot be used, or a system call that failed.
struct MetadataError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: SystemError) { description = error.description }

    /// A failed system call, by errno(3).
    init(_ operation: String, _ subject: String, number: Int32 = errno) {
        self.init(SystemError(operation, subject, number: number))
    }
}
