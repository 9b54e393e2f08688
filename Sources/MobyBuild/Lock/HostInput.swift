internal import Extents
public import MobySpec
public import OCI

/// A file of the machine that builds, which a spec names.
public struct HostInput: Sendable {
    /// As the spec has it.
    public let source: String
    /// Where it is.
    public let path: String
    public let isOptional: Bool
    public let location: SourceLocation

    /// SHA-256 of the file.
    /// - Returns: nil when it does not exist.
    /// - Throws: `Diagnostic` when it cannot be used.
    public func digest() throws -> Digest? {
        let content: ExtentList
        do throws(HostFile.Problem) { content = try HostFile.read(path) } catch {
            if error.canBeLeftOut { return nil }
            throw Diagnostic(at: location, "source '\(PlainText.short(source))': \(error.reason)", hint: error.hint)
        }
        let hash = SHA256()
        try ExtentReader.read(content) { hash.update($0) }
        return Digest(sha256: hash.finalize())
    }
}

extension Spec {
    /// Every file of the machine that builds, each once.
    /// - Parameter home: the folder that `~/` means; sources below it are left out when it is nil.
    public func hostInputs(home: String?) -> [HostInput] {
        var inputs: [HostInput] = files.compactMap { file in
            guard case .source(let source) = file.content else { return nil }
            guard source.hasPrefix("~/") else {
                return HostInput(source: source, path: source, isOptional: file.optional, location: file.location)
            }
            return home.map {
                HostInput(
                    source: source, path: $0 + source.dropFirst(1), isOptional: file.optional, location: file.location)
            }
        }
        for container in containers {
            guard case .file(let path)? = container.options.seccomp else { continue }
            let location = container.options.locations["seccomp"] ?? container.location
            inputs.append(HostInput(source: path, path: path, isOptional: false, location: location))
        }
        var seen: Set<String> = []
        return inputs.filter { seen.insert($0.source).inserted }
    }
}
