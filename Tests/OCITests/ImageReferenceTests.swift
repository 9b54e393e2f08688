import OCI
import Testing

struct ImageReferenceTests {
    static let hex = String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7", "docker.io/library/redis:7"),
        ("a/b", "docker.io/a/b:latest"),
        ("a/b/c", "docker.io/a/b/c:latest"),
        ("docker.io/redis", "docker.io/library/redis:latest"),
        ("docker.io/a/b:1", "docker.io/a/b:1"),
        ("index.docker.io/redis", "docker.io/library/redis:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        // Without a slash there is no host: this is Docker's rule.
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("myhost/x", "docker.io/myhost/x:latest"),
        ("host.example/x", "host.example/x:latest"),
        ("host:5000/x:1.2", "host:5000/x:1.2"),
        ("HOST.Example:5000/x", "host.example:5000/x:latest"),
        ("127.0.0.1:5000/x/y:z", "127.0.0.1:5000/x/y:z"),
        ("[::1]:5000/x", "[::1]:5000/x:latest"),
        ("[2001:db8::1]/x:t", "[2001:db8::1]/x:t"),
        ("ghcr.io/a/b:v1", "ghcr.io/a/b:v1"),
        ("gcr.io/project/path/image", "gcr.io/project/path/image:latest"),
        ("us-docker.pkg.dev/p/r/i:1", "us-docker.pkg.dev/p/r/i:1"),
        ("eu.gcr.io/example.com/p/i", "eu.gcr.io/example.com/p/i:latest"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/x", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:latest"),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:tag",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:tag"
        ),
        ("public.ecr.aws/docker/library/nginx", "public.ecr.aws/docker/library/nginx:latest"),
        ("quay.io/a/b_c__d-e--f.g", "quay.io/a/b_c__d-e--f.g:latest"),
        ("redis@sha256:\(hex)", "docker.io/library/redis@sha256:\(hex)"),
        ("redis:7@sha256:\(hex)", "docker.io/library/redis:7@sha256:\(hex)"),
        ("host:1/x:7@sha256:\(hex)", "host:1/x:7@sha256:\(hex)"),
        ("x:_Tag.With-All_", "docker.io/library/x:_Tag.With-All_"),
        (
            "linuxkit/init:8eea386739975a43af558eec757a7dcb3a3d2e7b",
            "docker.io/linuxkit/init:8eea386739975a43af558eec757a7dcb3a3d2e7b"
        ),
    ])
    func canonicalForm(text: String, canonical: String) throws {
        let reference = try ImageReference(text)
        #expect(reference.description == canonical)
        #expect(try ImageReference(canonical) == ImageReference(canonical))
        #expect(try ImageReference(canonical).description == canonical)
    }

    @Test(
        arguments: [
            ("", .empty),
            ("/", .repository("")),
            (":tag", .empty),
            ("@sha256:\(hex)", .empty),
            ("localhost/", .empty),
            ("Nginx", .upperCase("Nginx")),
            ("Foo/bar", .upperCase("Foo/bar")),
            ("docker.io/A/b", .upperCase("A/b")),
            ("a//b", .repository("")),
            ("a/b/", .repository("")),
            ("/a", .repository("")),
            ("a/../b", .repository("..")),
            (".a/b", .host(".a")),
            ("a/.b", .repository(".b")),
            ("a..b", .repository("a..b")),
            ("a___b", .repository("a___b")),
            ("a_-b", .repository("a_-b")),
            ("a-", .repository("a-")),
            ("a b", .repository("a b")),
            ("köln", .repository("köln")),
            ("a\\b", .repository("a\\b")),
            ("a?b", .repository("a?b")),
            ("x:", .tag("")),
            ("x:.a", .tag(".a")),
            ("x:-a", .tag("-a")),
            ("x:a b", .tag("a b")),
            ("x:\(String(repeating: "a", count: 129))", .tag(String(repeating: "a", count: 129))),
            ("host:0/x", .port("0")),
            ("host:99999/x", .port("99999")),
            ("host:+80/x", .port("+80")),
            ("host:/x", .port("")),
            ("-host.example/x", .host("-host.example")),
            ("ho_st.example/x", .host("ho_st.example")),
            ("[::1/x", .host("[::1")),
            ("[zz::1]/x", .host("[zz::1]")),
            ("user:pass@host/x", .digest("host/x")),
            ("https://host/x", .port("")),
            ("x@", .digest("")),
            ("x@sha256:abc", .digest("sha256:abc")),
            ("x@sha256:../../x", .digest("sha256:../../x")),
            ("x@sha512:\(hex)", .digest("sha512:\(hex)")),
            ("x@sha256:\(hex.uppercased())", .digest("sha256:\(hex.uppercased())")),
            (hex, .hexadecimal(hex)),
            (String(repeating: "a", count: 256), .tooLong(256)),
        ] as [(String, ImageReferenceError.Part)])
    func sayWhichPartIsWrong(text: String, part: ImageReferenceError.Part) {
        let error = #expect(throws: ImageReferenceError.self) { try ImageReference(text) }
        #expect(error?.part == part)
    }

    @Test func errorSaysWhatIsAllowed() {
        let error = #expect(throws: ImageReferenceError.self) { try ImageReference("acme/Web:1") }
        #expect(
            error?.description
                == "'acme/Web:1' is not an image reference: repository 'acme/Web' must be lower case; write 'acme/web'")
    }

    @Test func digestDecidesAboutLatest() throws {
        #expect(try ImageReference("redis").effectiveTag == "latest")
        #expect(try ImageReference("redis@sha256:\(Self.hex)").effectiveTag == nil)
    }
}
