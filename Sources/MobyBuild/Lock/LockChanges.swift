internal import Extents
public import MobySpec
internal import OCI

/// What differs between two locks, a line each.
public struct LockChanges: Sendable {
    public let lines: [String]

    public var isEmpty: Bool { lines.isEmpty }

    public init(from old: SpecLock, to new: SpecLock) {
        var lines: [String] = []
        if old.encoding != new.encoding { lines.append("encoding: \(old.encoding) -> \(new.encoding)") }
        let platforms = (old.platforms, new.platforms)
        if Set(platforms.0) != Set(platforms.1) {
            lines.append("platforms: \(Self.list(platforms.0)) -> \(Self.list(platforms.1))")
        }
        lines += Self.compare("spec", Self.files(old.specs), Self.files(new.specs))
        lines += Self.compare("image", Self.images(old), Self.images(new))
        lines += Self.manifests(old, new) + Self.signers(old, new)
        lines += Self.compare("file", Self.files(old.files), Self.files(new.files))
        lines += Self.packages(old, new)
        self.lines = lines.map { PlainText.line($0) }
    }

    /// Debian packages that came, went, or have another version.
    public static func debian(from old: [String], to new: [String]) -> [String] {
        func versions(_ packages: [String]) -> [String: [String]] {
            let pairs = packages.map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 4 }
            return Dictionary(pairs.map { ($0[0], $0) }) { first, _ in first }
        }
        let (before, after) = (versions(old), versions(new))
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            switch (before[name], after[name]) {
            case (let a?, let b?) where a[1] != b[1]: "debian \(name): \(a[1]) -> \(b[1])"
            case (let a?, let b?) where a != b: "debian \(name) \(a[1]): sha256:\(a[3]) -> sha256:\(b[3])"
            case (let a?, nil): "debian - \(name) \(a[1])"
            case (nil, let b?): "debian + \(name) \(b[1])"
            default: nil
            }
        }
    }

    private static func list(_ platforms: [Platform]) -> String {
        platforms.map(\.description).sorted().joined(separator: ", ")
    }

    private static func files(_ files: [SpecLock.File]) -> [String: String] {
        Dictionary(files.map { ($0.source, $0.digest?.description ?? "no file") }) { first, _ in first }
    }

    private static func images(_ lock: SpecLock) -> [String: String] {
        let pairs = lock.images.map { image in
            let manifests = image.manifests.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            return (image.name, image.digest?.description ?? manifests)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Platforms of images that mean the same and yet have another manifest: only somebody's edit does that.
    private static func manifests(_ old: SpecLock, _ new: SpecLock) -> [String] {
        let pairs = new.images.sorted { $0.name < $1.name }.compactMap { image in
            old.image(named: image.name).map { ($0, image) }
        }
        return pairs.filter { $0.digest != nil && $0.digest == $1.digest }.flatMap { before, after in
            func table(_ image: SpecLock.Image) -> [String: String] {
                Dictionary(uniqueKeysWithValues: image.manifests.map { ("\(image.name) for \($0)", "\($1)") })
            }
            return compare("image", table(before), table(after))
        }
    }

    /// Images that others signed now.
    private static func signers(_ old: SpecLock, _ new: SpecLock) -> [String] {
        func text(_ image: SpecLock.Image) -> String {
            let signers = Set(image.accepted.map(\.text)).sorted()
            return signers.isEmpty ? "not verified" : signers.joined(separator: " and ")
        }
        return new.images.sorted { $0.name < $1.name }.compactMap { image in
            guard let before = old.image(named: image.name).map(text), before != text(image) else { return nil }
            return "image \(image.name): \(before) -> \(text(image))"
        }
    }

    private static func packages(_ old: SpecLock, _ new: SpecLock) -> [String] {
        func table(_ lock: SpecLock) -> [String: SpecLock.Package] {
            Dictionary(lock.packages.map { ("\($0.template) for \($0.platform)", $0) }) { first, _ in first }
        }
        let (before, after) = (table(old), table(new))
        return Set(before.keys).union(after.keys).sorted().flatMap { name -> [String] in
            let (a, b) = (before[name], after[name])
            let head = compare("package", a.map { [name: $0.image] } ?? [:], b.map { [name: $0.image] } ?? [:])
            guard let a, let b else { return head }
            return head + debian(from: a.debian, to: b.debian).map { "\(name): \($0)" }
        }
    }

    private static func compare(_ noun: String, _ old: [String: String], _ new: [String: String]) -> [String] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            switch (old[name], new[name]) {
            case (let a?, let b?): a == b ? nil : "\(noun) \(name): \(a) -> \(b)"
            case (let a?, nil): "\(noun) - \(name): \(a)"
            case (nil, let b?): "\(noun) + \(name): \(b)"
            case (nil, nil): nil
            }
        }
    }
}
