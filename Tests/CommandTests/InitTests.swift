import Foundation
import TestSupport
import Testing

/// `moby init`: the first spec that a user sees.
struct InitTests {
    private static let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ6vQ0Zl1rBvJcG1o6mKfl3mD1Xy5K0Yb3bC9Jt0hDk ada@host"

    /// Each template is free of errors and warnings, and builds.
    @Test(arguments: [
        (["moby"], "moby run qemu moby"), (["web"], "moby run qemu --publish 8080:80 web"),
        (["ssh"], "moby run qemu --publish 2222:22 ssh"),
        (["--template", "web", "shop.yml"], "--publish 8080:80 shop"),
        (["--image", "@moby:rngd", "box"], "moby run qemu box"),
    ])
    func templatesBuild(arguments: [String], command: String) throws {
        try withTemporaryDirectory { folder in
            try TestFile.write(Self.key + "\n", to: "\(folder)/home/.ssh/id_ed25519.pub")
            let environment = ["HOME": "\(folder)/home", "MOBY_CACHE": Program.cache]
            let made = try Program.run(["init"] + arguments, in: folder, environment: environment)
            #expect(made.status == 0, "\(made.error)")
            #expect(made.output.contains(command), "\(made.output)")
            #expect(made.error.isEmpty)
            let name = try #require(arguments.last).replacing(".yml", with: "")
            let text = try TestFile.text("\(folder)/\(name).yml")
            #expect(text.hasPrefix("# ") && text.contains("moby build \(name).yml"))
            #expect((name == "ssh") == text.contains(Self.key))
            let checked = try Program.run(["lint", "--strict", "\(name).yml"], in: folder, environment: environment)
            #expect(checked.status == 0 && checked.error.isEmpty, "\(checked.error)")
            let built = try Program.run(["build", "\(name).yml"], in: folder, environment: environment)
            #expect(built.status == 0, "\(built.error)")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)-kernel"))
        }
    }

    /// The commands are for a shell.
    @Test func pathsAreQuoted() throws {
        try withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/my dir's", withIntermediateDirectories: false)
            let made = try Program.run(["init", "my dir's/x"], in: folder)
            #expect(made.output.contains(#"  moby build 'my dir'\''s/x.yml'"#), "\(made.output)")
            let test = try Program.run(["init", "web.test.yml"], in: folder)
            #expect(test.status == 64 && test.error.contains("is the name of a test file"), "\(test.error)")
        }
    }

    @Test func filesAreNotOverwritten() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("mine\n", to: "\(folder)/moby.yml")
            let ended = try Program.run(["init"], in: folder)
            #expect(ended.status == 1)
            #expect(
                ended.error == "error: 'moby.yml' already exists\n  hint: choose another name: moby init NAME\n")
            #expect(try TestFile.text("\(folder)/moby.yml") == "mine\n")
        }
    }

    /// Without a key the spec is valid and says what to fill in; what is not a key is passed over.
    @Test func missingKeyIsAWarning() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("not a key\n", to: "\(folder)/.ssh/id_rsa.pub")
            let made = try Program.run(["init", "ssh"], in: folder, environment: ["HOME": folder])
            #expect(made.status == 0)
            #expect(made.error.hasPrefix("warning: no public key in ~/.ssh"), "\(made.error)")
            #expect(made.error.contains("in ssh.yml, under 'files:'"), "\(made.error)")
            #expect(try TestFile.text("\(folder)/ssh.yml").contains("      # put the contents of"))
            let checked = try Program.run(["lint", "ssh.yml"], in: folder)
            #expect(checked.status == 0, "\(checked.error)")
        }
    }

    @Test(arguments: [
        (["--template", "wep"], "did you mean 'web'?"), (["--template", "x9"], "expected minimal, web, ssh, image"),
        (["--template", "image"], "requires --image REFERENCE"), (["--template", "web", "--image", "a:1"], "--image"),
        (["a b"], "'a b' is not a valid name"), ([".yml"], "is not a valid name"), (["x/"], "is not a valid name"),
        (["--image", "docker://x"], "--image is 'docker://x'"),
    ])
    func wrongUsageWritesNothing(arguments: [String], message: String) throws {
        try withTemporaryDirectory { folder in
            let ended = try Program.run(["init"] + arguments, in: folder)
            #expect(ended.status == 64)
            #expect(ended.error.contains(message), "\(ended.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
