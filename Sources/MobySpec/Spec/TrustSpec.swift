internal import Extents

/// The section `trust`: whose signatures a file of LinuxKit wants verified. Nothing verifies them here.
public struct TrustSpec: Sendable {
    /// Image references.
    public var images: [String]?
    /// Organizations, whose images are all meant.
    public var organizations: [String]?
    public var location: SourceLocation
    public init(location: SourceLocation) { self.location = location }

    /// What is not verified, in words; nil when the section asks for nothing.
    var demand: String? {
        let names =
            (images ?? []).map { "image '\(PlainText.short($0))'" }
            + (organizations ?? []).map { "organization '\(PlainText.short($0))'" }
        guard !names.isEmpty else { return nil }
        let most = 4
        return names.prefix(most).joined(separator: ", ")
            + (names.count > most ? " and \(names.count - most) more" : "")
    }
}
