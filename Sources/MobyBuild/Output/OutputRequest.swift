internal import DiskImage
internal import Extents
internal import OCI

/// What formats want to know beside what boots.
struct OutputRequest: Sendable {
    /// Name of the build; ids on media derive from it.
    var name: String
    /// What the names of files begin with instead, for a format whose own names another format of the build has.
    var stem: String?
    /// What the images are for.
    var platform = Platform(architecture: "amd64")
    /// Least size of a disk in bytes.
    var minimumSize: UInt64 = 0
    /// Of files on media, in seconds since 1970.
    var time: UInt64 = 0
    /// Text that is the same exactly when what boots is the same; ids on media derive from it.
    var identity: String = ""
    /// There for formats of which ``OutputFormat/needsBootLoaders`` is true.
    var loaders: BootLoaders?

    /// Bytes that GUIDs, serials and the like derive from.
    var identityBytes: [UInt8] { Array("\(name)\n\(identity)".utf8) }

    /// Name of a file.
    func file(_ suffix: String) -> String { (stem ?? name) + suffix }

    /// Signs EFI executables; nil leaves them as they are.
    var signingKey: SigningKey?

    /// An EFI executable, signed when that is asked for.
    func signed(_ executable: ExtentList, _ what: String) throws -> ExtentList {
        guard let signingKey else { return executable }
        return try context("signing \(what)") { try PE.signed(executable, with: signingKey) }
    }

    /// 32 bits that derive from the identity.
    func serial(_ purpose: String) -> UInt32 {
        let digits = SHA256.hash(identityBytes + Array("\n\(purpose)".utf8)).prefix(8)
        return UInt32(digits, radix: 16) ?? 0
    }

    func bootLoaders() throws -> BootLoaders {
        guard let loaders else { preconditionFailure("a format that starts boot loaders did not ask for them") }
        return loaders
    }
}
