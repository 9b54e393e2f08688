import Testing

@testable import OCI

struct ManifestDocumentTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)

    static func descriptor(_ type: String, size: String = "3", digest: String = digest) -> String {
        #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(size)}"#
    }

    static let config = descriptor("application/vnd.oci.image.config.v1+json")
    static let layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip")
    static func manifest(layer: String = layer, more: String = "") -> String {
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]\#(more)}"#
    }

    @Test(arguments: [
        (manifest(), nil),
        (manifest(), "application/vnd.oci.image.manifest.v1+json"),
        (manifest(), "application/json"),
        (manifest(more: #","mediaType":"application/vnd.oci.image.manifest.v1+json""#), nil),
        (manifest(more: #","mediaType":"application/vnd.docker.distribution.manifest.v2+json""#), "text/plain"),
        (manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+zstd")), nil),
        (manifest(layer: descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip")), nil),
        (manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar", size: "0")), nil),
    ])
    func manifestsAreRead(text: String, type: String?) throws {
        guard case .manifest(let manifest) = try ManifestDocument(Array(text.utf8), mediaType: type) else {
            Issue.record("not a manifest")
            return
        }
        #expect(manifest.layers.count == 1)
    }

    @Test(arguments: [
        (#"{"schemaVersion":2,"config":\#(config),"layers":[],"manifests":[]}"#, nil, "both"),
        (#"{"schemaVersion":2,"manifests":[],"config":\#(config)}"#, nil, "both"),
        (#"{"schemaVersion":2,"manifests":[],"fsLayers":[]}"#, nil, "both"),
        (#"{"schemaVersion":1,"fsLayers":[]}"#, nil, "schema 1"),
        (#"{"schemaVersion":2}"#, nil, "neither"),
        (manifest(more: #","mediaType":"application/vnd.oci.image.index.v1+json""#), nil, "has 'layers', but"),
        (
            #"{"schemaVersion":2,"manifests":[],"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#, nil,
            "has 'manifests', but"
        ),
        (manifest(), "application/vnd.oci.image.index.v1+json", "announced as"),
        (
            manifest(more: #","mediaType":"application/vnd.oci.image.manifest.v1+json""#),
            "application/vnd.docker.distribution.manifest.v2+json", "announced as"
        ),
        (
            manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+gzip", size: "-1")), nil,
            "layers[0].size: -1 bytes"
        ),
        (
            manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+gzip", size: "10995116277760")), nil,
            "layers[0].size"
        ),
        (
            manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+gzip", size: "1e40")), nil,
            "not valid JSON"
        ),
        (
            manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+gzip", size: "\"3\"")), nil,
            "layers[0].size is not"
        ),
        (
            manifest(layer: descriptor("x/y", digest: "sha256:../../x")), nil,
            "layers[0].digest: 'sha256:../../x' is not"
        ),
        (manifest(layer: descriptor("x/y", digest: "sha256:0A" + digest.dropFirst(9))), nil, "layers[0].digest"),
        (manifest(layer: descriptor("x/y", digest: "md5:00")), nil, "layers[0].digest"),
        (
            manifest(layer: descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip")), nil,
            "not a layer of files"
        ),
        (
            manifest(layer: descriptor("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")), nil,
            "not a layer of files"
        ),
        (manifest(layer: "{}"), nil, "layers[0].digest is missing"),
        ("[]", nil, "the document is not an object"),
        ("<html>", nil, "not valid JSON"),
        ("", nil, "not valid JSON"),
    ])
    func othersAreRefusedWithTheReason(text: String, type: String?, reason: String) {
        let error = #expect(throws: ManifestError.self) {
            let document = try ManifestDocument(Array(text.utf8), mediaType: type)
            if case .manifest(let manifest) = document { try manifest.checkLayers() }
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("linux/amd64", 0), ("linux/arm64", 2), ("linux/arm64/v8", 2), ("linux/arm/v6", 3), ("linux/arm/v7", 4),
        ("linux/arm", 3),
        ("linux/riscv64", nil), ("windows/amd64", nil), ("unknown/unknown", 1),
    ])
    func platformIsSelected(wanted: String, position: Int?) throws {
        func platform(_ text: String) -> Platform {
            let parts = text.split(separator: "/").map(String.init)
            return Platform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
        }
        let all = ["linux/amd64", "unknown/unknown", "linux/arm64/v8", "linux/arm/v6", "linux/arm/v7"]
        let index = ImageIndex(
            manifests: try all.enumerated().map { number, name in
                let digest = try #require(Digest(sha256: String(repeating: "\(number)", count: 64)))
                return Descriptor(mediaType: MediaType.manifest, digest: digest, size: 1, platform: platform(name))
            })
        #expect(index.manifest(for: platform(wanted))?.digest.hex.prefix(1) == position.map { "\($0)" }?.prefix(1))
        #expect(index.platforms.count == 4)
    }

    @Test func diffIDsMustFitLayers() throws {
        let config = try ImageConfig(
            parsing: Array(#"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8))
        guard case .manifest(let manifest) = try ManifestDocument(Array(Self.manifest().utf8), mediaType: nil) else {
            return
        }
        #expect(throws: ManifestError.self) { try config.layers(of: manifest) }
    }

    @Test(arguments: [
        ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/aarch64/v8", "linux/arm64/v8"),
        ("linux/quux", "linux/quux"), ("linux", nil), ("", nil), ("linux//v7", nil), ("linux/arm/v7/x", nil),
        ("linux/AMD64", nil), ("li\u{1b}nux/amd64", nil),
    ])
    func platformTexts(text: String, expected: String?) {
        #expect((try? Platform(text))?.description == expected)
        guard expected == nil else { return }
        let error = #expect(throws: ImageError.self) { try Platform(text) }
        #expect(error?.hint == "for example linux/amd64" && error?.description.contains("\u{1b}") == false)
    }

    /// Some tools write uname's names.
    @Test(arguments: [("x86_64", "amd64"), ("aarch64", "arm64"), ("amd64", "amd64"), ("armhf", "armhf")])
    func architecturesOfConfigurations(text: String, expected: String) throws {
        let config = try ImageConfig(parsing: Array(#"{"os":"linux","architecture":"\#(text)"}"#.utf8))
        #expect(config.platform == Platform(architecture: expected))
    }
}
