import MobySpec
import OCI
import Testing

@testable import MobyBuild

struct LintTests {
    static func warnings(_ service: String, files: String = "") async throws -> [String] {
        try await Workshop.with { workshop in
            try workshop.image("test/init:1", [("etc", .directory()), ("etc/ssl", .directory()), ("srv", .link("etc/ssl"))])
            try workshop.image(
                "test/tool:1",
                [
                    ("usr", .directory()), ("usr/bin", .directory()), ("bin", .link("usr/bin")), ("usr/bin/tool", .file("", mode: 0o755)),
                    ("usr/bin/text", .file("")), ("usr/bin/alias", .link("/bin/tool")),
                ]
            ) {
                $0.cmd = ["tool"]
                $0.env = ["PATH=/bin"]
            }
            let yaml = """
                init: ["test/init:1"]
                services:
                  - {name: absent, image: "test/absent:1"}
                  - {name: web, image: "test/tool:1"\(service)}
                \(files)
                """
            return try await Lint(store: workshop.store, options: workshop.options()).images(workshop.spec(yaml)).map(\.message)
        }
    }

    @Test(arguments: [
        "", ", command: [/bin/alias]", ", command: [../bin/tool], cwd: /bin", ", binds: [\"/etc/ssl:/x\", \"/var/x:/y\", \"/srv:/z\"]",
        ", command: [/data/x], binds: [\"/run/x:/data\"]", ", binds: [\"/opt/x:/y\"], runtime: {mkdir: [/opt/x]}",
    ])
    func nothingToSay(_ service: String) async throws {
        #expect(try await Self.warnings(service) == [])
    }

    @Test(arguments: [
        (", command: [missing]", "'web' runs 'missing', which is not there in image 'test/tool:1'"),
        (", command: [/usr/bin/text]", "'web' runs '/usr/bin/text', which is not executable in image 'test/tool:1'"),
        (", command: [/usr/bin]", "'web' runs '/usr/bin', which is a directory in image 'test/tool:1'"),
        (", binds: [\"/opt/x:/y\"]", "'web' binds '/opt/x', which no init image and no entry of files has"),
    ])
    func somethingToSay(_ service: String, _ message: String) async throws {
        #expect(try await Self.warnings(service) == [message])
    }

    @Test func filesProvideSources() async throws {
        let warnings = try await Self.warnings(", binds: [\"/opt/x:/y\"]", files: "files:\n  - {path: opt/x/z, contents: a}")
        #expect(warnings == [])
    }
}
