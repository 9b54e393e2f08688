import Foundation
import OCI
import TestSupport
import Testing

/// Images that policies refuse and accept, from a registry on loopback.
struct PolicyTests {
    /// A registry with images, keys and stores in a folder.
    private struct World: Sendable {
        let folder: String
        let host: String

        func moby(_ arguments: [String], store: String = "store") throws -> Program.Result {
            try Program.run(arguments, in: folder, environment: ["MOBY_CACHE": "\(folder)/\(store)"])
        }

        /// Builds a spec of one image under a policy.
        /// - Parameter rule: all but `match` of the rule for images of the registry.
        func build(_ image: String, _ rule: String, _ options: [String] = [], store: String = "other") throws
            -> Program.Result
        {
            try TestFile.write("images: [{match: [\"\(host)/acme/*\"], \(rule)}]\n", to: "\(folder)/policy.yml")
            try TestFile.write("init: [\"\(host)/acme/\(image)\"]\n", to: "\(folder)/web.yml")
            return try moby(
                ["build", "--policy", "policy.yml", "--format", "tar"] + options + ["web.yml"], store: store)
        }

        /// Pushes an image.
        func push(_ image: SampleImage, as name: String, _ options: [String] = []) async throws {
            try image.write(layout: "\(folder)/layout-\(name)")
            try await Oracle.skopeo(
                "copy", "--dest-tls-verify=false", "oci:\(folder)/layout-\(name):latest",
                "docker://\(host)/acme/\(name):1")
        }
    }

    private static func with(_ body: @escaping @Sendable (World) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            for name in ["acme", "other"] {
                let key = "\(folder)/\(name).pem"
                try await Oracle("openssl")(
                    "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
                try await Oracle("openssl")("pkey", "-in", key, "-pubout", "-out", "\(folder)/\(name).pub")
            }
            try await DockerRegistry.with(in: folder) { try await body(World(folder: folder, host: $0.host)) }
        }
    }

    @Test func aKeySigns() async throws {
        try await Self.with { world in
            let image = try SampleImage()
            try await world.push(image, as: "plain")
            try await world.push(image, as: "web")
            let name = "\(world.host)/acme/web:1"
            #expect(try world.moby(["cache", "pull", name]).status == 0)
            let pushed = try world.moby(["cache", "push", "--sign", "--key", "acme.pem", name])
            #expect(pushed.status == 0, "\(pushed.error)")

            #expect(try world.build("web:1", "keys: [acme.pub]").status == 0)
            // The signatures are in the store now.
            #expect(try world.build("web:1", "keys: [other.pub, acme.pub]", ["--offline"]).status == 0)
            let other = try world.build("web:1", "keys: [other.pub]")
            #expect(other.status == 1)
            #expect(
                other.error.contains(
                    "image '\(name)' does not meet policy 'policy.yml:1': not signed by key 'other.pub'"))
            let plain = try world.build("plain:1", "keys: [acme.pub]", store: "third")
            #expect(plain.status == 1 && plain.error.contains("does not meet policy 'policy.yml:1': no signature"))
            #expect(try world.build("plain:1", "accept: any", store: "third").status == 0)
            let offline = try world.build("plain:1", "keys: [acme.pub]", ["--offline"], store: "third")
            #expect(offline.status == 1 && offline.error.contains("no signature"), "\(offline.error)")
        }
    }

    /// A tag that a lock pins to an older image: the signature of the newer one does not count.
    @Test func thePinnedImageIsTheOneThatMustBeSigned() async throws {
        try await Self.with { world in
            try await world.push(try SampleImage(layers: [SampleTar.tar(["etc/motd": "old\n"])]), as: "web")
            #expect(try world.build("web:1", "accept: any").status == 0)
            #expect(try world.moby(["lock", "web.yml"], store: "other").status == 0)
            try await world.push(try SampleImage(layers: [SampleTar.tar(["etc/motd": "new\n"])]), as: "web")
            let name = "\(world.host)/acme/web:1"
            #expect(try world.moby(["cache", "pull", name], store: "other").status == 0)
            #expect(
                try world.moby(["cache", "push", "--sign", "--key", "acme.pem", name], store: "other").status == 0)
            let locked = try world.build("web:1", "keys: [acme.pub]")
            #expect(locked.status == 1 && locked.error.contains("no signature"), "\(locked.error)")
            try FileManager.default.removeItem(atPath: "\(world.folder)/web.lock.yml")
            let unlocked = try world.build("web:1", "keys: [acme.pub]")
            #expect(unlocked.status == 0, "\(unlocked.error)")
        }
    }

    /// A lock says who signed, and its comparison that others did.
    @Test func theLockRecordsWhoSigned() async throws {
        try await Self.with { world in
            try await world.push(try SampleImage(), as: "web")
            try await world.push(try SampleImage(layers: [SampleTar.tar(["etc/motd": "db\n"])]), as: "db")
            let (web, db) = ("\(world.host)/acme/web:1", "\(world.host)/acme/db:1")
            for (name, key) in [(web, "acme.pem"), (db, "acme.pem"), (db, "other.pem")] {
                #expect(try world.moby(["cache", "pull", name]).status == 0)
                #expect(try world.moby(["cache", "push", "--sign", "--key", key, name]).status == 0)
            }
            try TestFile.write("policy: policy.yml\ninit: [\"\(web)\", \"\(db)\"]\n", to: "\(world.folder)/web.yml")
            func policy(_ rules: String...) throws {
                let text = rules.map { "  - {match: [\"\(world.host)/acme/\($0)}\n" }.joined()
                try TestFile.write("images:\n\(text)", to: "\(world.folder)/policy.yml")
            }
            try policy("web*\"], keys: [other.pub, acme.pub]", "db*\"], accept: any")
            let first = try world.moby(["lock", "web.yml"], store: "other")
            #expect(first.status == 0, "\(first.error)")
            let lock = try TestFile.text("\(world.folder)/web.lock.yml")
            #expect(lock.contains("rule: policy.yml:2") && lock.contains("key: acme.pub"), "\(lock)")
            #expect(lock.contains("    accepted:\n      - rule: policy.yml:3\n"), "\(lock)")
            #expect(lock.matches(of: /digest: sha256:[0-9a-f]{64}/).count == 3, "\(lock)")

            try policy("db*\"], keys: [other.pub]", "web*\"], keys: [other.pub, acme.pub]")
            let diff = try world.moby(["lock", "--diff", "web.yml"], store: "other")
            #expect(diff.status == 1, "\(diff.error)")
            #expect(
                diff.output.contains("image \(db): accepted without a signature -> signed by key 'other.pub' (sha256:"),
                "\(diff.output)")
            #expect(!diff.output.contains("image \(web)"), "\(diff.output)")
            #expect(try world.moby(["lock", "web.yml"], store: "other").status == 0)

            try policy("web*\"], keys: [other.pub]")
            let refused = try world.moby(["lock", "web.yml"], store: "other")
            #expect(refused.status == 1)
            #expect(
                refused.error.contains("'\(web)' does not meet policy 'policy.yml:2': not signed by"),
                "\(refused.error)")
            #expect(refused.error.contains("image '\(db)' is not covered by policy 'policy.yml'"), "\(refused.error)")
            let bundle = try world.moby(["bundle", "-o", "web.bundle.tar", "web.yml"], store: "other")
            #expect(bundle.status == 1 && bundle.error.contains("does not meet policy"), "\(bundle.error)")
        }
    }

    @Test func whatNoRuleMatchesIsRefused() async throws {
        try await Self.with { world in
            try await world.push(try SampleImage(), as: "web")
            try TestFile.write("images: [{match: [ghcr.io/**], accept: any}]\n", to: "\(world.folder)/strict.yml")
            try TestFile.write(
                "policy: strict.yml\ninit: [\"\(world.host)/acme/web:1\"]\n", to: "\(world.folder)/named.yml")
            let named = try world.moby(["build", "--format", "tar", "named.yml"])
            #expect(named.status == 1)
            #expect(named.error.contains("is not covered by policy 'strict.yml'"), "\(named.error)")
            #expect(named.error.contains("add a rule that matches '\(world.host)/acme/web'"))
            // The policy of whoever builds comes before that of the spec.
            try TestFile.write("images: [{match: [\"**\"], accept: any}]\n", to: "\(world.folder)/open.yml")
            let open = try world.moby(["build", "--policy", "open.yml", "--format", "tar", "named.yml"])
            #expect(open.status == 0, "\(open.error)")
            let missing = try world.moby(["build", "--policy", "none.yml", "named.yml"])
            #expect(missing.status == 1 && missing.error.contains("none.yml"), "\(missing.error)")
            // A folder is not an image of docker.io, whatever its name.
            try SampleImage().write(layout: "\(world.folder)/layout")
            try TestFile.write("init: [\"oci:layout\"]\n", to: "\(world.folder)/local.yml")
            try TestFile.write("images: [{match: [docker.io/**], accept: any}]\n", to: "\(world.folder)/hub.yml")
            let local = try world.moby(["build", "--policy", "hub.yml", "--format", "tar", "local.yml"])
            #expect(local.status == 1 && local.error.contains("'oci:layout' is not covered"), "\(local.error)")
            let key = try world.build("web:1", "keys: [none.pub]")
            #expect(key.status == 2 && key.error.contains("'none.pub' cannot be used"), "\(key.error)")
        }
    }

    /// Pushes an image, and makes certificates and bundles for its digest.
    private static func pushCertified(_ world: World) async throws -> String {
        let image = try SampleImage()
        try await world.push(image, as: "web")
        let python = Oracle("\(Program.root)/.build/tools/sigstore/bin/python")
        let digest = image.descriptor.digest.description
        try await python("\(Program.root)/Tests/SignaturesTests/authority.py", world.folder, digest)
        return digest
    }

    /// The tag that cosign 1 and 2 write, with the certificate of an identity.
    @Test func anIdentitySigns() async throws {
        try await Self.with { world in
            let digest = try await Self.pushCertified(world)
            try await Self.attach(digest, world)
            func rule(_ identity: String) -> String {
                "keyless: [{root: trusted_root.json, issuer: \"https://token.example.org\", identity: \"\(identity)\"}]"
            }
            #expect(try world.build("web:1", rule("https://git.example.org/acme/*")).status == 0)
            let other = try world.build("web:1", rule("https://git.example.org/other/*"))
            #expect(other.status == 1)
            #expect(
                other.error.contains(
                    "signed by 'https://git.example.org/acme/web/.workflow/release@refs/tags/v1', expected 'https://git.example.org/other/*'"
                ), "\(other.error)")
            let key = try world.build("web:1", "keys: [acme.pub]")
            #expect(key.status == 1 && key.error.contains("not signed by key 'acme.pub'"), "\(key.error)")
        }
    }

    /// Bundles that are referrers of an image: of an expired certificate, changed, and good.
    @Test func bundlesOfIdentities() async throws {
        try await Self.with { world in
            let digest = try await Self.pushCertified(world)
            let rule =
                "keyless: [{root: trusted_root.json, issuer: \"https://token.example.org\", identity: \"https://git.example.org/**\"}]"
            for (bundles, reason) in [
                (["image-expired"], "certificate has expired"),
                (["image-broken"], "the signature is not of the key in its certificate"),
                (["image-expired", "image-broken", "image"], nil),
            ] {
                try await Self.list(bundles, of: digest, world)
                let built = try world.build("web:1", rule)
                #expect(built.status == (reason == nil ? 0 : 1), "\(bundles): \(built.error)")
                if let reason {
                    #expect(built.error.contains("does not meet policy 'policy.yml:1': "), "\(built.error)")
                    #expect(built.error.contains(reason), "\(built.error)")
                }
            }
            #expect(try world.moby(["lock", "--policy", "policy.yml", "web.yml"], store: "other").status == 0)
            let lock = try TestFile.text("\(world.folder)/web.lock.yml")
            #expect(lock.contains("identity: https://git.example.org/acme/web/"), "\(lock)")
            #expect(lock.contains("issuer: https://token.example.org\n"), "\(lock)")
        }
    }

    /// Makes bundles the referrers of an image, as registries without that request have them.
    private static func list(_ bundles: [String], of digest: String, _ world: World) async throws {
        var entries: [String] = []
        let type = "application/vnd.oci.image.manifest.v1+json"
        for bundle in bundles {
            let config = try await blob(Array("{}".utf8), "application/vnd.oci.empty.v1+json", world)
            let bytes = try TestFile.read("\(world.folder)/\(bundle).sigstore.json")
            let layer = try await blob(bytes, "application/vnd.dev.sigstore.bundle.v0.3+json", world)
            let manifest =
                #"{"schemaVersion": 2, "mediaType": "\#(type)", "config": \#(config), "layers": [\#(layer)]}"#
            let path = "\(world.folder)/manifest.json"
            try TestFile.write(manifest, to: path)
            let sum = try await Oracle("sha256sum")(path).prefix(64)
            try await put(path, type, "sha256:\(sum)", world)
            entries.append(#"{"mediaType": "\#(type)", "digest": "sha256:\#(sum)", "size": \#(manifest.utf8.count)}"#)
        }
        let index = "application/vnd.oci.image.index.v1+json"
        let path = "\(world.folder)/index.json"
        let list = entries.joined(separator: ", ")
        try TestFile.write(
            #"{"schemaVersion": 2, "mediaType": "\#(index)", "manifests": [\#(list)]}"#, to: path)
        try await put(path, index, digest.replacing(":", with: "-"), world)
    }

    private static func blob(_ bytes: [UInt8], _ type: String, _ world: World, _ more: String = "") async throws
        -> String
    {
        let path = "\(world.folder)/blob"
        try TestFile.write(bytes, to: path)
        let sum = try await Oracle("sha256sum")(path).prefix(64)
        let location = try await Oracle("curl")(
            "-sf", "-X", "POST", "-o", "/dev/null", "-w", "%header{location}",
            "http://\(world.host)/v2/acme/web/blobs/uploads/")
        try await Oracle("curl")("-sf", "-X", "PUT", "-T", path, "\(location)&digest=sha256:\(sum)")
        return #"{"mediaType": "\#(type)", "digest": "sha256:\#(sum)", "size": \#(bytes.count)\#(more)}"#
    }

    private static func put(_ path: String, _ type: String, _ name: String, _ world: World) async throws {
        try await Oracle("curl")(
            "-sf", "-X", "PUT", "-H", "Content-Type: \(type)", "--data-binary", "@\(path)",
            "http://\(world.host)/v2/acme/web/manifests/\(name)")
    }

    private static func attach(_ digest: String, _ world: World) async throws {
        let payload = try TestFile.read("\(world.folder)/cosign-payload.json")
        let annotations = try TestFile.text("\(world.folder)/cosign-annotations.json")
        let config = try await blob(Array("{}".utf8), "application/vnd.oci.image.config.v1+json", world)
        let layer = try await blob(
            payload, "application/vnd.dev.cosign.simplesigning.v1+json", world, #", "annotations": \#(annotations)"#)
        let type = "application/vnd.oci.image.manifest.v1+json"
        let manifest = #"{"schemaVersion": 2, "mediaType": "\#(type)", "config": \#(config), "layers": [\#(layer)]}"#
        try TestFile.write(manifest, to: "\(world.folder)/manifest.json")
        try await put("\(world.folder)/manifest.json", type, digest.replacing(":", with: "-") + ".sig", world)
    }
}
