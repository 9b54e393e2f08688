import Archive
import Extents
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// Against a real registry.
struct RegistryTests {
    static func provider(
        _ folder: String, environment: [String: String] = [:], mirrors: [String] = [], platform: String = "amd64",
        pull: ImageProvider.PullPolicy = .missing, certificates: [String] = [], insecure: [String] = [],
        retry: RetryPolicy = RetryPolicy(firstPause: .zero)
    ) throws -> ImageProvider {
        var options = ImageProvider.Options()
        options.platform = Platform(architecture: platform)
        options.environment = environment
        options.mirrors = mirrors
        options.pull = pull
        options.certificateFiles = certificates
        options.insecureRegistries = insecure
        return ImageProvider(store: try ContentStore(path: folder), options: options, retry: retry)
    }

    @Test func pushedImageIsPulledWhole() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(layers: LocalSourceTests.tars)
            let store = try ContentStoreTests.filled(folder, sample)
            try await DockerRegistry.with(in: folder) { registry in
                let name = "\(registry.host)/acme/web:1"
                let pusher = try Self.provider(store.path)
                for _ in 0..<2 { #expect(try await pusher.push("acme/web:1", to: name) == sample.descriptor.digest) }
                let image = try await Self.provider("\(folder)/other").image(name)
                #expect(image.digest == sample.descriptor.digest && image.contentID == sample.configDigest)
                let other = try ContentStore(path: "\(folder)/other")
                #expect(
                    try other.uncompressedLayers(of: image).map { try ExtentReader.bytes(of: $0) }
                        == LocalSourceTests.tars)
                #expect(try other.verify().isWhole)
                let judged = try await Oracle.skopeo("inspect", "--tls-verify=false", "docker://\(name)")
                #expect(judged.contains(sample.descriptor.digest.description))
                // By digest, and without a network once it is there.
                let pinned = try await Self.provider("\(folder)/other", pull: .never).image(
                    "\(registry.host)/x@\(image.digest)")
                #expect(pinned.digest == image.digest)
            }
        }
    }

    @Test func indexWithDockerTypesIsPulledForOnePlatform() async throws {
        try await withTemporaryDirectory { folder in
            let here = try SampleImage()
            let arm = try SampleImage(
                layers: [SampleTar.tar(["arm": "yes"])], platform: Platform(architecture: "arm64", variant: "v8"))
            let store = try ContentStoreTests.filled(folder, here)
            for bytes in arm.blobs.values { _ = try store.ingest(bytes) }
            let index = try JSONText.compact(ImageIndex(manifests: [here.descriptor, arm.descriptor]))
            let digest = try store.ingest(index)
            try store.set(
                "acme/multi", to: Descriptor(mediaType: MediaType.index, digest: digest, size: UInt64(index.count)))
            try await DockerRegistry.with(in: folder) { registry in
                let name = "\(registry.host)/acme/multi"
                #expect(try await Self.provider(store.path).push("acme/multi", to: name) == digest)
                let image = try await Self.provider("\(folder)/arm", platform: "arm64").image(name)
                #expect(image.digest == arm.descriptor.digest)
                #expect(!(try ContentStore(path: "\(folder)/arm").has(here.descriptor)))
                let error = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/risc", platform: "riscv64").image(name)
                }
                #expect(
                    error?.description.contains(
                        "pulling '\(name):latest' for linux/riscv64: no image for linux/riscv64\n  available: linux/amd64, linux/arm64/v8"
                    )
                        == true)
                // The same with Docker's media types, as skopeo writes them.
                try await Oracle.skopeo(
                    "copy", "--all", "--format", "v2s2", "--src-tls-verify=false", "--dest-tls-verify=false",
                    "docker://\(name)",
                    "docker://\(registry.host)/acme/docker")
                let docker = try await Self.provider("\(folder)/docker").image("\(registry.host)/acme/docker")
                #expect(docker.contentID == here.configDigest && docker.layers == here.layers)
            }
        }
    }

    @Test func basicAuthentication() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            try await DockerRegistry.with(authenticated: true, in: folder) { registry in
                let name = "\(registry.host)/private/web:1"
                let login =
                    #"{"auths":{"\#(registry.host)":{"username":"\#(DockerRegistry.user)","password":"\#(DockerRegistry.password)"}}}"#
                try TestFile.write(login, to: "\(folder)/login/config.json")
                let environment = ["DOCKER_CONFIG": "\(folder)/login"]
                _ = try await Self.provider(store.path, environment: environment).push("acme/web:1", to: name)
                #expect(
                    try await Self.provider("\(folder)/a", environment: environment).image(name).digest
                        == sample.descriptor.digest)

                let anonymous = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/b").image(name)
                }
                #expect(
                    anonymous?.description.contains("401 UNAUTHORIZED") == true
                        && anonymous?.hint?.contains("moby login") == true)
                try TestFile.write(login.replacing("battery", with: "wrong"), to: "\(folder)/wrong/config.json")
                let wrong = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/c", environment: ["DOCKER_CONFIG": "\(folder)/wrong"]).image(
                        name)
                }
                #expect(
                    wrong?.hint?.contains("give no access") == true
                        && wrong?.description.contains("horse") == false)
            }
        }
    }

    @Test func encryptedRegistryNeedsItsCertificate() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            try sample.write(layout: "\(folder)/layout")
            try await DockerRegistry.with(encrypted: true, in: folder) { registry in
                try await Oracle.skopeo(
                    "copy", "--dest-tls-verify=false", "oci:\(folder)/layout", "docker://\(registry.host)/acme/web:1")
                let certificate = "\(folder)/certificate.pem"
                let mirrors = ["registry.example=https://\(registry.host)"]
                let name = "registry.example/acme/web:1"
                let named = try Self.provider("\(folder)/a", mirrors: mirrors, certificates: [certificate])
                #expect(try await named.image(name).contentID == sample.configDigest)
                for variable in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
                    let given = try Self.provider(
                        "\(folder)/\(variable)", environment: [variable: certificate], mirrors: mirrors)
                    #expect(try await given.image(name).contentID == sample.configDigest)
                }
                // The origin is asked through a proxy that does not listen.
                let environment = ["HTTPS_PROXY": "http://127.0.0.1:1"]
                let error = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/b", environment: environment, mirrors: mirrors).image(name)
                }
                #expect(
                    error?.description.contains("the server's certificate is not trusted") == true,
                    "\(error?.description ?? "")")
            }
        }
    }

    @Test func proxyIsAskedForOtherHosts() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let proxy = try ScriptedServer { request in
                ScriptedRegistry.usual(
                    .init(target: request.target.replacing("http://registry.example:5000", with: "")), sample)
            }
            let environment = ["http_proxy": "http://\(proxy.host)", "NO_PROXY": "other.example"]
            let image = try await Self.provider(folder, environment: environment, insecure: ["registry.example:5000"])
                .image("registry.example:5000/acme/web:1")
            #expect(image.contentID == sample.configDigest)
            #expect(proxy.requests.first?.target == "http://registry.example:5000/v2/acme/web/manifests/1")
        }
    }

    @Test func manyImagesShareLayersAndAreFetchedOnce() async throws {
        try await withTemporaryDirectory { folder in
            let shared = SampleTar.tar(["shared": String(repeating: "0123456789", count: 100_000)])
            let samples = try (0..<6).map {
                try SampleImage(layers: [shared, SampleTar.tar(["own": "\($0)"])], compression: .none)
            }
            let store = try ContentStore(path: "\(folder)/store")
            for (number, sample) in samples.enumerated() {
                for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
                try store.set("acme/\(number)", to: sample.descriptor)
            }
            try await DockerRegistry.with(in: folder) { registry in
                let pusher = try Self.provider(store.path)
                for number in samples.indices {
                    _ = try await pusher.push("acme/\(number)", to: "\(registry.host)/acme/\(number)")
                }
                let provider = try Self.provider("\(folder)/other")
                try await withThrowingTaskGroup { group in
                    for number in samples.indices {
                        group.addTask {
                            let image = try await provider.image("\(registry.host)/acme/\(number)")
                            #expect(image.digest == samples[number].descriptor.digest)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try ContentStore(path: "\(folder)/other").verify().isWhole)
            }
        }
    }

    @Test func storeHealsItselfFromTheRegistry() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            try await DockerRegistry.with(in: folder) { registry in
                let name = "\(registry.host)/acme/web:1"
                _ = try await Self.provider(store.path).push("acme/web:1", to: name)
                let provider = try Self.provider("\(folder)/other")
                let other = try ContentStore(path: "\(folder)/other")
                _ = try await provider.image(name)
                for digest in sample.blobs.keys {
                    try TestFile.write("junk", to: other.blobPath(digest))
                    #expect(try await provider.image(name).digest == sample.descriptor.digest)
                    #expect(try other.verify().isWhole)
                }
            }
        }
    }
}
