internal import Archive
internal import Extents
public import MobySpec
internal import OCI

/// The images of a spec by the text that names them, and facts about them that are computed once.
struct ImageSet: Sendable {
    let store: ContentStore
    let cache: BuildCache
    let images: [String: Image]

    /// Gets every image of a spec, several at a time, each once.
    /// - Throws: ``ImageErrors`` with all that could not be fetched.
    static func fetch(_ spec: Spec, store: ContentStore, cache: BuildCache, provider: ImageProvider) async throws
        -> ImageSet
    {
        let sources = spec.imageSources
        var failures: [String: any Error] = [:]
        let images = try await withThrowingTaskGroup(of: (String, Image).self) { group in
            for source in Set(sources.map(\.value)) {
                group.addTask { (source, try await image(source, provider)) }
            }
            var images: [String: Image] = [:]
            while let result = await group.nextResult() {
                do {
                    let (source, image) = try result.get()
                    images[source] = image
                } catch let failure as Failure {
                    failures[failure.source] = failure.error
                }
            }
            return images
        }
        try Task.checkCancellation()
        guard failures.isEmpty else { throw ImageErrors(failures, named: sources) }
        return ImageSet(store: store, cache: cache, images: images)
    }

    private struct Failure: Error {
        let source: String
        let error: any Error
    }

    private static func image(_ source: String, _ provider: ImageProvider) async throws -> Image {
        do { return try await provider.image(source) } catch { throw Failure(source: source, error: error) }
    }

    subscript(source: Located<String>) -> Image {
        guard let image = images[source.value] else { preconditionFailure("'\(source.value)' was not fetched") }
        return image
    }

    /// Every image with the text that names it.
    var all: [(source: String, image: Image)] { images.map { ($0, $1) } }

    /// The merged tree of an image, as its layers have it.
    func tree(_ image: Image) throws -> FileTree {
        try requireLayers(of: CollectionOfOne(image))
        return try context("flattening '\(PlainText.short(image.name))'") {
            try FileTree.flatten(layers: store.uncompressedLayers(of: image))
        }
    }

    /// An image's accounts, kept in the cache so that a warm build unpacks nothing.
    func accounts(_ image: Image) throws -> Accounts {
        let bytes = try cache.small(.accounts(of: image), of: "the accounts of \(image.name)") {
            let tree = try tree(image)
            return try context("reading the accounts of image '\(PlainText.short(image.name))'") {
                try Accounts.files.map { try tree.contents(of: $0) }.joined(separator: [0]).map(\.self)
            }
        }
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        return Accounts(
            passwd: String(decoding: parts.first ?? [], as: UTF8.self),
            group: String(decoding: parts.last ?? [], as: UTF8.self))
    }
}

extension Spec {
    /// Every image that a build takes apart; those of volumes for several platforms are not.
    var imageSources: [Located<String>] {
        [kernel.image].compactMap(\.self) + `init` + containers.map(\.image)
            + volumes.filter { $0.format != .oci || $0.platforms.isEmpty }.compactMap(\.image)
    }
}

extension Image {
    /// What all that is made from this image depends on.
    var identity: String { contentID.description }
    /// Directory of its tree in the guest, without a leading slash.
    var guestTree: String { "images/\(contentID.short)" }
    /// Bytes of its layers, compressed.
    var compressedSize: UInt64 { layers.reduce(0) { $0 + $1.size } }
}

extension FileTree {
    /// The contents of a small regular file; nothing when there is none of this name.
    /// - Throws: `BuildError` for a file of more than 4 MiB, and when it cannot be read.
    func contents(of path: TreePath) throws -> [UInt8] {
        guard case .regular(let content)? = self[path]?.kind else { return [] }
        return try context("reading '/\(PlainText.short("\(path)"))'") {
            try ExtentReader.bytes(of: content, limit: 4 << 20)
        }
    }
}

/// Runs `body`; an error that leaves it names what was being done.
func context<Value>(_ doing: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as SpecError { throw error } catch let error as Diagnostic {
        throw error
    } catch is CancellationError {
        throw CancellationError()
    } catch let wanted as Wanted {
        throw wanted
    } catch { throw BuildError("\(doing): \(error)", hint: (error as? any HintedError)?.hint) }
}

/// Images that could not be fetched, each with the location that names it.
public struct ImageErrors: Error, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    public var description: String { diagnostics.map(\.message).joined(separator: "\n") }

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    /// - Parameter failures: by the text that names the image.
    init(_ failures: [String: any Error], named sources: [Located<String>]) {
        var rest = failures
        diagnostics = sources.compactMap { source in
            guard let error = rest.removeValue(forKey: source.value) else { return nil }
            return Diagnostic(at: source.location, "\(error)", hint: (error as? any HintedError)?.hint)
        }
    }
}
