internal import Archive
internal import Extents
public import MobySpec

/// Finds what the kernel would get wrong, in silence, when it unpacks one segment over another (initramfs buffer
/// format; init/initramfs.c): a directory and something else under one name, and overwriting one of several names of a
/// file.
public struct OverlapCheck {
    private var state = RootState()
    /// The errors so far.
    public private(set) var problems: [Diagnostic] = []

    public init() {}

    var root: RootState { state }

    /// Unpacks one more listing over the others.
    /// - Parameters:
    ///   - owner: the image or section it comes from, for messages.
    ///   - location: where the spec names it.
    public mutating func add(_ listing: RootListing, from owner: String, at location: SourceLocation?) {
        let names = Set(listing.entries.map(\.path))
        for entry in listing.entries {
            guard let old = state[entry.path], old.owner != owner else { continue }
            if (old.kind == .directory) != (entry.kind == .directory) {
                let (was, isNow) = (phrase(old.kind, old.target), phrase(entry.kind, entry.target))
                report(
                    "'/\(PlainText.short("\(entry.path)"))' is \(was) in '\(PlainText.short(old.owner))' and \(isNow) in '\(PlainText.short(owner))'",
                    hint: "the kernel cannot replace one by the other when it unpacks the initrd; remove one of them",
                    at: location)
            } else if entry.kind == .regular, old.kind == .regular, old.group != 0,
                !replaces(entry, old, names: names, in: listing)
            {
                let others = (state.members[old.group] ?? []).filter { $0 != entry.path }.sorted().map {
                    "'/\(PlainText.short("\($0)"))'"
                }
                guard !others.isEmpty else { continue }
                report(
                    "'/\(PlainText.short("\(entry.path)"))' of '\(PlainText.short(owner))' overwrites a file of "
                        + "'\(PlainText.short(old.owner))' that is also \(others.prefix(5).joined(separator: ", "))",
                    hint: "hard links share their contents; let one image provide the file and all of its names",
                    at: location)
            }
        }
        state.unpack(listing, from: owner)
    }

    /// Whether the new file takes over every name of the old one, as one file again: then nothing of the old one is
    /// left to be changed.
    private func replaces(
        _ entry: RootListing.Entry, _ old: RootState.Item, names: Set<TreePath>, in listing: RootListing
    ) -> Bool {
        guard entry.group != 0, let members = state.members[old.group], members.isSubset(of: names) else {
            return false
        }
        return listing.entries.allSatisfy { !members.contains($0.path) || $0.group == entry.group }
    }

    private func phrase(_ kind: RootListing.Kind, _ target: [UInt8]) -> String {
        kind == .symlink
            ? "a symbolic link to '\(PlainText.short(String(decoding: target, as: UTF8.self)))'" : kind.phrase
    }

    private mutating func report(_ message: String, hint: String, at location: SourceLocation?) {
        problems.append(Diagnostic(at: location, message, hint: hint))
    }
}
