internal import Extents
public import MobySpec
public import OCI

/// Compares what a build is about to use with its lock.
public struct LockCheck: Sendable {
    private let lock: SpecLock
    /// The lock's path, for messages.
    private let file: String
    /// The spec files, for hints.
    private let specs: [String]
    private let platform: Platform

    public init(_ lock: SpecLock, file: String, specs: [String], platform: Platform) {
        self.lock = lock
        self.file = file
        self.specs = specs
        self.platform = platform
    }

    /// What is not as the lock has it, in the order of the spec.
    /// - Parameters:
    ///   - packages: what the spec's templates mean, the boot loaders' among them.
    ///   - isFrozen: whether another encoding is an error.
    /// - Throws: `Diagnostic`, `FileError` for files that cannot be read.
    public func problems(_ spec: Spec, packages: [SpecLock.Package], home: String?, isFrozen: Bool) throws
        -> [Diagnostic]
    {
        guard lock.platforms.contains(platform) else {
            let known = lock.platforms.map(\.description).joined(separator: ", ")
            return [
                Diagnostic(
                    at: top, "the lock is for \(known), not for \(platform)",
                    hint: "run '\(command)--arch \(platform.architecture) \(names)', with the other architectures too")
            ]
        }
        let made = Set(packages.map(\.image))
        var found: [Diagnostic] = []
        if lock.encoding != BuildEncoding.text {
            found.append(
                Diagnostic(
                    isFrozen ? .error : .warning, at: top,
                    "this moby makes other bytes of the same inputs than the one that wrote the lock: '\(BuildEncoding.text)', but the lock has '\(PlainText.short(lock.encoding, limit: 300))'",
                    hint: "run '\(command)\(names)' to accept it"))
        }
        for image in Self.unique(spec.images) where !made.contains(image.value) {
            if let problem = self.image(image) { found.append(problem) }
        }
        for input in spec.hostInputs(home: home) {
            if let problem = try self.file(input) { found.append(problem) }
        }
        for package in packages {
            let location = spec.images.first { $0.value == package.image }?.location
            if let problem = self.package(package, at: location) { found.append(problem) }
        }
        return found
    }

    /// A spec file from the network.
    /// - Parameter url: without user, password and query.
    public func problem(ofSpec url: String, _ digest: Digest) -> Diagnostic? {
        let location = SourceLocation(file: url, line: 1, column: 1)
        guard let locked = lock.specs.first(where: { $0.source == url }) else {
            return missing("spec", url, at: location)
        }
        guard locked.digest != digest else { return nil }
        return differs(
            "spec", url, "\(digest)", "\(locked.digest.map(\.description) ?? "no digest")", locked.location,
            at: location)
    }

    /// An image that an option names, or a spec.
    public func image(_ image: Located<String>) -> Diagnostic? {
        let name = ImageProvider.canonical(image.value)
        guard lock.image(named: name) == nil else { return nil }
        return missing("image", name, at: image.location)
    }

    /// A file of this machine.
    public func file(_ input: HostInput) throws -> Diagnostic? {
        guard let locked = lock.file(input.source) else { return missing("file", input.source, at: input.location) }
        let digest = try input.digest()
        // The build reports a file that must exist.
        if digest == nil, !input.isOptional { return nil }
        guard locked.digest != digest else { return nil }
        func text(_ digest: Digest?) -> String { digest?.description ?? "no file" }
        return differs("file", input.source, text(digest), text(locked.digest), locked.location, at: input.location)
    }

    /// What a template means.
    /// - Parameter location: where the spec has it, if that is known.
    public func package(_ package: SpecLock.Package, at location: SourceLocation?) -> Diagnostic? {
        guard let locked = lock.package(package.template, for: package.platform) else {
            return missing("package", package.template, at: location)
        }
        guard locked.image != package.image || locked.debian != package.debian else { return nil }
        var problem = differs("package", package.template, package.image, locked.image, locked.location, at: location)
        if locked.image == package.image {
            let line = locked.location.map { "\(PlainText.short(file)):\($0.line)" } ?? PlainText.short(file)
            let name = PlainText.short(package.template)
            problem.message = "package '\(name)' is made of other Debian packages than \(line) has"
        }
        let changes = LockChanges.debian(from: locked.debian, to: package.debian)
        problem.message += changes.prefix(20).map { "\n  \($0)" }.joined()
        return problem
    }

    private var top: SourceLocation { SourceLocation(file: file, line: 1, column: 1) }
    private var names: String { specs.map { PlainText.short($0) }.joined(separator: " ") }
    private let command = "moby lock --update "

    private func missing(_ noun: String, _ name: String, at location: SourceLocation?) -> Diagnostic {
        Diagnostic(
            at: location ?? top,
            "\(noun) '\(PlainText.short(name, limit: 300))' is not in the lock '\(PlainText.short(file))'",
            hint: "run 'moby lock \(names)' to add it")
    }

    private func differs(
        _ noun: String, _ name: String, _ actual: String, _ locked: String, _ entry: SourceLocation?,
        at location: SourceLocation?
    ) -> Diagnostic {
        let line = entry.map { "\(PlainText.short(file)):\($0.line)" } ?? PlainText.short(file)
        return Diagnostic(
            at: location ?? top,
            "\(noun) '\(PlainText.short(name, limit: 300))' is \(PlainText.short(actual, limit: 300)), but \(line) has \(PlainText.short(locked, limit: 300))",
            hint: "if the change is meant, run '\(command)\(PlainText.short(name, limit: 300)) \(names)'")
    }

    private static func unique(_ images: [Located<String>]) -> [Located<String>] {
        var seen: Set<String> = []
        return images.filter { seen.insert($0.value).inserted }
    }
}

extension SpecLock {
    /// What names of images mean.
    /// - Parameter file: the lock's path, for messages.
    public func pins(file: String) -> [String: ImagePin] {
        let pairs = images.map { image in
            let line = image.location.map { "\(file):\($0.line)" } ?? file
            return (image.name, ImagePin(digest: image.digest, manifests: image.manifests, origin: line))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
