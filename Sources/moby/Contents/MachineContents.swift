internal import Extents
internal import JSON
internal import MobyBuild
internal import MobyInspect
internal import MobyRun
internal import OCI

/// What of a built machine can be compared with another: by its record, its SBOM and its files.
struct MachineContents {
    /// Digests of images by reference without tag.
    var images: [String: String] = [:]
    /// Versions of packages by `NAME in IMAGE`.
    var packages: [String: String] = [:]
    /// SHA-256 of the kernel's file, or what the artifact says about its kernel.
    var kernel: String?
    var commandLine: String?
    /// The files of the root by path; those of an image have its name in place of its digest.
    var files: [String: File] = [:]
    /// Sizes of the outputs by what follows the build's name.
    var sizes: [String: UInt64] = [:]

    /// A file, and how its contents are read.
    struct File {
        let file: Volume.File
        let volume: Volume

        /// Whether another one is the same, but for its owner.
        func isSame(as other: File) throws -> Bool {
            guard file.kind == other.file.kind, file.mode == other.file.mode, file.size == other.file.size,
                file.target == other.file.target
            else { return false }
            guard file.kind == .regular, file.size > 0 else { return true }
            return try volume.sha256(of: file) == other.volume.sha256(of: other.file)
        }
    }

    /// Keeps what was unpacked of the artifact.
    private let inspection: Inspection

    /// - Parameter argument: a record, an artifact or a build's prefix.
    init(_ argument: String) throws {
        let recorded = try RecordedBuild(argument)
        let end = BuildRecord.fileName("")
        let prefix = argument.hasSuffix(end) ? String(argument.dropLast(end.count)) : argument
        let path = try HostFiles.exists(prefix) ? prefix : Self.artifact(prefix, recorded)
        inspection = try Artifacts.open(path)
        let names = recorded.map { Self.names(of: $0.inputs.images) } ?? [:]
        for volume in inspection.volumes where files.isEmpty && volume.hasRoot {
            for file in volume.files where file.kind != .directory {
                files[Self.shown("\(file.path)", names)] = File(file: file, volume: volume)
            }
        }
        kernel = try Self.kernel(recorded, inspection)
        commandLine = try Self.commandLine(prefix, inspection)
        if let recorded {
            for image in recorded.inputs.images { images[Self.repository(image.reference)] = image.digest }
            for file in recorded.record.files {
                let name = recorded.options.name
                sizes[file.name.hasPrefix(name) ? "*\(file.name.dropFirst(name.count))" : file.name] = file.size
            }
        } else {
            sizes["*"] = try HostFiles.size(path)
        }
        if let document = try document(recorded) { read(spdx: document) }
    }

    private static func artifact(_ prefix: String, _ recorded: RecordedBuild?) throws -> String {
        do { return try BootSource.detect(prefix).files.last ?? prefix } catch let error as RunError {
            // A tar, or another form that does not boot by itself.
            guard let recorded, let file = recorded.record.files.first else { throw error }
            return try file.path(nextTo: recorded.path)
        }
    }

    /// Names of images by their folders in the guest.
    private static func names(of images: [BuildRecord.Inputs.Image]) -> [String: String] {
        Dictionary(
            images.compactMap { image in
                Digest(image.config).map { ($0.short, repository(image.reference)) }
            }
        ) { first, _ in first }
    }

    private static func repository(_ reference: String) -> String {
        (try? ImageReference(reference))?.name ?? reference
    }

    private static func shown(_ path: String, _ names: [String: String]) -> String {
        let parts = path.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, parts[0] == "images", let name = names[String(parts[1])] else { return "/\(path)" }
        return "\(name):/\(parts[2])"
    }

    private static func kernel(_ recorded: RecordedBuild?, _ inspection: Inspection) throws -> String? {
        if let recorded, let file = recorded.record.files.first(where: { $0.role == .kernel }) {
            let path = try file.path(nextTo: recorded.path)
            if try HostFiles.exists(path) { return "sha256:\(try HostFiles.sha256(path).hex)" }
        }
        return inspection.root.all.first { $0.kind == "Linux kernel" }.map { part in
            (["\(part.size) bytes"] + part.facts.map { "\($0.key) \($0.value)" }).joined(separator: ", ")
        }
    }

    private static func commandLine(_ prefix: String, _ inspection: Inspection) throws -> String? {
        if let text = try HostFiles.readIfPresent("\(prefix)-cmdline", limit: 1 << 20) {
            return String(decoding: text, as: UTF8.self).split(separator: "\n").joined(separator: " ")
        }
        return inspection.root.all.flatMap(\.facts).first { $0.key == "command line" || $0.key == "cmdline" }?.value
    }

    /// The SPDX document in the root, else next to the record.
    private func document(_ recorded: RecordedBuild?) throws -> JSONValue? {
        let path = "/" + (recorded?.options.sbom ?? SBOMOptions.usualPath)
        if let file = files[path], file.file.kind == .regular, file.file.size < 64 << 20 {
            var bytes: [UInt8] = []
            try file.volume.read(contentsOf: file.file) { bytes.append(contentsOf: $0) }
            return try JSONValue(parsing: bytes)
        }
        guard let recorded else { return nil }
        let name = "\(recorded.folder)/\(recorded.options.name).spdx.json"
        return try HostFiles.readIfPresent(name, limit: 64 << 20).map { try JSONValue(parsing: $0) }
    }

    private mutating func read(spdx document: JSONValue) {
        var elements: [String: (name: String, version: String, isImage: Bool)] = [:]
        for package in document["packages"]?.array ?? [] {
            guard let id = package["SPDXID"]?.string, let name = package["name"]?.string else { continue }
            let isImage = package["primaryPackagePurpose"]?.string == "CONTAINER"
            elements[id] = (name, package["versionInfo"]?.string ?? "", isImage)
        }
        for relation in document["relationships"]?.array ?? [] {
            guard let image = relation["spdxElementId"]?.string.flatMap({ elements[$0] }), image.isImage,
                let package = relation["relatedSpdxElement"]?.string.flatMap({ elements[$0] })
            else { continue }
            packages["\(package.name) in \(Self.repository(image.name))"] = package.version
        }
    }
}

extension Volume {
    /// Whether it is the root of a machine.
    fileprivate var hasRoot: Bool {
        files.contains { file in
            let path = "\(file.path)"
            return path == "etc/moby/sentinel" || path == "init" || path == "sbin/init"
        }
    }
}
