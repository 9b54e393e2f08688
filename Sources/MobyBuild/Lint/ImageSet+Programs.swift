internal import Archive
internal import Extents
internal import FoundationEssentials
internal import OCI

/// The contents of one image, unpacked when they are first asked for.
final class LazyContents {
    private let make: () throws -> ImageContents
    private var made: ImageContents?

    init(_ make: @escaping () throws -> ImageContents) { self.make = make }

    func get() throws -> ImageContents {
        if let made { return made }
        let contents = try make()
        made = contents
        return contents
    }
}

extension ImageSet {
    /// What an image has of a program, kept in the cache so that a warm build unpacks nothing.
    func program(_ candidates: [String], folders: [String], in image: Image, _ contents: LazyContents) throws
        -> ProgramFacts
    {
        let question = (candidates + [""] + folders).joined(separator: "\0")
        return try facts(
            "program \(SHA256.hash(Array(question.utf8)))", content: image.identity, platform: image.platform
        ) {
            try ProgramFacts(candidates, folders: folders, in: contents.get())
        }
    }

    /// Facts that take long to find out.
    /// - Parameter content: digest of what they are about.
    func facts<Facts: Codable>(_ what: String, content: String, platform: Platform, _ find: () throws -> Facts) throws
        -> Facts
    {
        let key = SegmentKey(
            role: .record, content: content, platform: platform.description, destination: what,
            rules: ProgramFacts.version,
            encoding: "none")
        let bytes = try cache.small(key) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return try Array(encoder.encode(find()))
        }
        return try JSONDecoder().decode(Facts.self, from: Data(bytes))
    }
}
