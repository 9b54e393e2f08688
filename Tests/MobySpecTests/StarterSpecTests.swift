import Testing

@testable import MobySpec

/// The specs that `moby init` writes.
struct StarterSpecTests {
    @Test(arguments: StarterSpec.Template.allCases) func everyTemplateIsValid(template: StarterSpec.Template) throws {
        for keys in [[], ["ssh-ed25519 AAAA a", "ssh-rsa BBBB b"]] {
            let starter = StarterSpec(template, name: "box", keys: keys, image: "ghcr.io/acme/web@sha256:0")
            let text = starter.text.replacing("@sha256:0", with: ":1")
            #expect(Reading.diagnostics(text).isEmpty)
            let spec = try Reading.spec(text)
            #expect(spec.containers.map(\.image.value).contains("ghcr.io/acme/web:1") == (template == .image))
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 200 })
        }
    }

    /// The service is called as the image is.
    @Test(arguments: [
        ("ghcr.io/acme/web:1", "web"), ("nginx", "nginx"), ("a/b@sha256:00", "b"), ("@moby:sshd", "sshd"),
        ("localhost:5000/x/y", "y"), ("oci:dir/web:1", "web"), ("getty", "app"),
    ])
    func containersAreNamedByTheirImage(image: String, name: String) {
        #expect(
            StarterSpec(.image, name: "box", image: image).text.contains("  - name: \(name)\n    image: \"\(image)\"\n")
        )
    }

    @Test(arguments: [("nginx", true), ("@moby:nginx", true), ("@moby:", false), ("A B", false), ("docker://x", false)])
    func imagesAreChecked(image: String, isValid: Bool) {
        #expect((StarterSpec.error(ofImage: image) == nil) == isValid)
    }
}
