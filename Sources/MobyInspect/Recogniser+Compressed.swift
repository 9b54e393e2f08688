internal import Archive
internal import Extents

extension Recogniser {
    /// What was compressed: an initrd is read as it is, anything else goes to a temporary file.
    func compressed(_ content: ExtentList, _ format: String) throws -> Part {
        if try begin(of: content).starts(with: "070701".utf8) { return try initrd(content) }
        let file = try temporary()
        var part = Part("\(format) file", size: content.length)
        part.fault = try fault { try Compression.decompress(content, limit: limits.plain) { try file.append($0) } }
        let plain = try file.contents()
        part.add("unpacked bytes", plain.length)
        // Nothing compresses twice here, and nobody wants to unpack a chain of such.
        if case .compressed? = try Form(of: plain) { throw InspectError("a \(format) file within another") }
        // Of what is cut short, the little that there is need not be anything.
        part.children = part.fault == nil ? [try self.part(plain)] : [try inner(plain, name: "")].compactMap(\.self)
        return part
    }

    private struct Enough: Error {}

    /// The first plain bytes.
    private func begin(of content: ExtentList) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            try Compression.decompress(content) {
                bytes.append(contentsOf: $0.prefix(16))
                if bytes.count >= 6 { throw Enough() }
            }
        } catch is Enough {} catch let error as CompressionError {
            // Whoever reads all of it meets the fault again.
            if bytes.isEmpty { throw error }
        }
        return bytes
    }
}
