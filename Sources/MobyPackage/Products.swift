internal import Extents
internal import FoundationEssentials

/// Where the binaries lie that this project builds and that go into images.
public struct Products: Sendable {
    public let folder: String

    /// `--products`, else `MOBY_PRODUCTS`, else the folder of the running program.
    public init(option: String? = nil, environment: [String: String], executable: String) {
        folder =
            option ?? environment["MOBY_PRODUCTS"]
            ?? String(executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)])
    }

    func path(of name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard FileManager.default.isReadableFile(atPath: path) else { throw MissingProduct(name: name, folder: folder) }
        return path
    }
}

/// A binary of this project that an image needs is not built.
struct MissingProduct: HintedError, CustomStringConvertible {
    let name: String
    let folder: String

    var description: String { "no program '\(PlainText.short(name))' in '\(folder)', which the image needs" }
    var hint: String? {
        "it is one of moby's own programs for the guest: name the folder that has it with --products or MOBY_PRODUCTS; "
            + "in a checkout of moby, 'make build' makes it"
    }
}
