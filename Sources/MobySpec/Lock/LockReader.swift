internal import Extents
internal import JSON
internal import OCI

/// Reads and writes locks; what a reader does not know is an error.
public enum LockReader {
    /// What a file's name ends like.
    private static let suffixes = [".lock.yml", ".lock.yaml"]

    public static func isLock(_ name: String) -> Bool { suffixes.contains { name.hasSuffix($0) } }

    /// The path of the lock of spec files: that of the first one, with another ending; nil for standard input.
    /// - Parameter spec: a path or a URL; the lock of the latter is in the working folder.
    public static func path(of spec: String) -> String? {
        guard spec != "-" else { return nil }
        var path = spec[...]
        if spec.contains("://") {
            path = spec.prefix { $0 != "?" && $0 != "#" }
            path = path.split(separator: "/").last ?? path
        }
        for suffix in [".yml", ".yaml"] where path.hasSuffix(suffix) { path = path.dropLast(suffix.count) }
        return path + suffixes[0]
    }

    /// - Throws: `SpecError` with every error.
    public static func read(_ text: String, file: String) throws -> SpecLock {
        var diagnostics: [Diagnostic] = []
        let top = SourceLocation(file: file, line: 1, column: 1)
        guard let root = YAMLReader.read(text, file: file, &diagnostics), !root.isNull else {
            let empty = Diagnostic(at: top, "the lock is empty", hint: "remove it, and write it again with 'moby lock'")
            throw SpecError(diagnostics.isEmpty ? [empty] : diagnostics)
        }
        guard root["lock"] != nil else {
            throw SpecError([
                Diagnostic(at: top, "'\(PlainText.short(file))' is not a lock", hint: "'moby lock' writes one")
            ])
        }
        if let version = root.scalar("lock"), version.text != "\(SpecLock.currentVersion)" {
            throw SpecError([
                Diagnostic(
                    at: root["lock"]?.location ?? top,
                    "the lock has version '\(PlainText.short(version.text))', expected \(SpecLock.currentVersion)",
                    hint: "a newer moby wrote it: use that one, or write the lock again with 'moby lock --update'")
            ])
        }
        var reading = Reading()
        let lock = KeyTable.lock.read(root, into: SpecLock(), &reading)
        diagnostics += reading.problems
        if let lock { diagnostics += duplicates(lock) }
        guard let lock, diagnostics.isEmpty else { throw SpecError(diagnostics) }
        return lock
    }

    /// Two entries for one input: the second would be ignored in silence.
    private static func duplicates(_ lock: SpecLock) -> [Diagnostic] {
        func check(_ noun: String, _ names: [(name: String, location: SourceLocation?)]) -> [Diagnostic] {
            var first: [String: SourceLocation?] = [:]
            return names.compactMap { name, location in
                guard let earlier = first.updateValue(location, forKey: name) else { return nil }
                let line = earlier.map { " (first on line \($0.line))" } ?? ""
                return Diagnostic(at: location, "duplicate \(noun) '\(PlainText.short(name))'\(line)")
            }
        }
        return check("image", lock.images.map { ($0.name, $0.location) })
            + check("file", lock.files.map { ($0.source, $0.location) })
            + check("spec", lock.specs.map { ($0.source, $0.location) })
            + check("package", lock.packages.map { ("\($0.template) for \($0.platform)", $0.location) })
    }
}

extension SpecLock {
    /// The file's text: the same lock always gives the same bytes.
    /// - Parameter specs: what the first comment names.
    public func text(of specs: [String]) -> String {
        var lock = self
        lock.platforms.sort { $0.description < $1.description }
        lock.specs.sort { $0.source < $1.source }
        lock.images.sort { $0.name < $1.name }
        lock.files.sort { $0.source < $1.source }
        lock.packages.sort { ($0.template, $0.platform.description) < ($1.template, $1.platform.description) }
        let names = specs.map { PlainText.line($0) }.joined(separator: " ")
        return "# The inputs of \(names), pinned by 'moby lock'. Commit this file.\n"
            + YAMLWriter.text(KeyTable.lock.write(lock))
    }
}
