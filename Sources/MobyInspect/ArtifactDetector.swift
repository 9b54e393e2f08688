internal import Extents

/// Tells by the first bytes what something is, and goes inside.
final class ArtifactDetector {
    let limits: Limits
    private let scratch: String
    private var parts = 0
    /// Memory left for the names of files, in bytes.
    var names: Int
    private var depth = 0
    private var temporaries: [TemporaryFile] = []

    init(scratch: String, limits: Limits) {
        (self.scratch, self.limits, names) = (scratch, limits, limits.names)
    }

    /// Inspects an artifact.
    /// - Throws: `InspectError` when it is not known, and what its reader throws.
    func part(_ content: ExtentList, name: String = "") throws -> Part {
        parts += 1
        guard parts <= limits.parts else { throw InspectError("more than \(limits.parts) parts") }
        guard depth < limits.depth else { throw InspectError("more than \(limits.depth) levels of nesting") }
        depth += 1
        defer { depth -= 1 }
        guard let type = try FileType(of: content) else {
            throw InspectError(
                "not an artifact: \(try Self.start(content))", hint: "'moby formats' lists the formats")
        }
        var part: Part
        do { part = try read(content, as: type) } catch let error where !(error is FileError || error is InspectError) {
            // Not even its head can be read.
            part = Part(type.title, size: content.length)
            part.damage = "\(error)"
        }
        part.name = name
        return part
    }

    /// A part inside another: nil when its type is unknown, with an error when it is damaged.
    func inner(_ content: ExtentList, name: String) throws -> Part? {
        do {
            guard try FileType(of: content) != nil else { return nil }
            return try part(content, name: name)
        } catch let error as FileError {
            throw error
        } catch {
            var part = Part("damaged", name: name, size: content.length)
            part.damage = "\(error)"
            return part
        }
    }

    private func read(_ content: ExtentList, as type: FileType) throws -> Part {
        switch type {
        case .compressed(let format): try compressed(content, format)
        case .initrd: try initrd(content)
        case .tar: try tar(content)
        case .qcow2: try qcow2(content)
        case .vmdk: try vmdk(content)
        case .vhd: try vhd(content)
        case .executable: try executable(content)
        case .kernel: try kernel(content)
        case .iso: try iso(content)
        case .gpt: try gpt(content)
        case .mbr: try mbr(content)
        case .fat: try fat(content)
        case .erofs: try erofs(content)
        case .line: try line(content)
        }
    }

    /// The bytes of a thing that declares a length: when there are fewer, the missing ones cannot be
    /// read, and the part has that as its error.
    func whole(_ content: ExtentList, length: UInt64, _ part: inout Part) -> ExtentList {
        guard length > content.length else { return content }
        part.damage = part.damage ?? Self.cutShort(content.length, of: length)
        var whole = content
        whole.extendMissing(to: length)
        return whole
    }

    static func cutShort(_ count: UInt64, of length: UInt64) -> String {
        "truncated: \(count) of \(length) bytes present"
    }

    /// Runs what may find an error after it found something.
    /// - Returns: the error.
    /// - Throws: `FileError`, `InspectError`.
    func damage(_ body: () throws -> Void) throws -> String? {
        do { try body() } catch let error where !(error is FileError || error is InspectError) { return "\(error)" }
        return nil
    }

    /// A temporary file that lives as long as this value.
    func temporary() throws -> TemporaryFile {
        let file = try TemporaryFile(in: scratch, limit: limits.plain, stored: limits.stored)
        temporaries.append(file)
        return file
    }

    /// Takes room for the names of files, in bytes.
    func spend(_ bytes: Int) throws {
        names -= bytes
        guard names >= 0 else { throw InspectError("too many names: the memory limit is reached") }
    }

    private static func start(_ content: ExtentList) throws -> String {
        let bytes = try content.bytes(at: 0, count: Int(min(8, content.length)))
        if bytes.isEmpty { return "it is empty" }
        return "\(content.length) bytes that begin with '\(PlainText.of(bytes))'"
    }
}
