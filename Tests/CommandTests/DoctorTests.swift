import Foundation
import TestSupport
import Testing

/// `moby doctor` on made-up hosts.
struct DoctorTests {
    private struct Report: Decodable {
        struct Check: Decodable {
            let subject: String
            let state: String
            let detail: String
            let hint: String?
            let required: Bool
        }

        let ok: Bool
        let checks: [Check]

        func callAsFunction(_ subject: String) throws -> Check {
            try #require(checks.first { $0.subject == subject }, "no check of \(subject)")
        }
    }

    /// A host with one system image, its own programs, and nothing of this machine's.
    private static func host(_ folder: String, programs: [String]) throws -> [String: String] {
        let image = "image: box\nfiles: [{path: a, contents: b}]\n"
        try TestFile.write(image, to: "\(folder)/share/pkg/box/build.yml")
        for name in ["init", "metadata"] { try TestFile.write(name, to: "\(folder)/lib/\(name)") }
        try FileManager.default.createDirectory(atPath: "\(folder)/bin", withIntermediateDirectories: true)
        for name in programs { try TestFile.write("#!/bin/sh\nexit 1\n", to: "\(folder)/bin/\(name)", mode: 0o755) }
        try TestFile.write("-----BEGIN CERTIFICATE-----\n", to: "\(folder)/bundle.pem")
        return [
            "PATH": "\(folder)/bin", "HOME": folder, "MOBY_CACHE": "\(folder)/store", "TMPDIR": folder,
            "MOBY_SHARE": "\(folder)/share", "MOBY_PRODUCTS": "\(folder)/lib", "SSL_CERT_FILE": "\(folder)/bundle.pem",
            "REGISTRY_AUTH_FILE": "\(folder)/auth.json", "XDG_CACHE_HOME": "", "DOCKER_CONFIG": folder,
            "XDG_RUNTIME_DIR": folder, "XDG_CONFIG_HOME": folder,
        ]
    }

    private static func report(_ environment: [String: String], status: Int32) throws -> Report {
        let ended = try Program.run(["doctor", "--json"], environment: environment)
        #expect(ended.status == status, "\(ended.output)\(ended.error)")
        return try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8))
    }

    @Test func completeHostIsFit() throws {
        try withTemporaryDirectory { folder in
            let environment = try Self.host(folder, programs: ["apt-get", "apt-cache", "env", "qemu-system-x86_64"])
            try TestFile.write(#"{"auths": {}}"#, to: "\(folder)/auth.json")
            let report = try Self.report(environment, status: 0)
            #expect(report.ok)
            for subject in ["store", "temporary files", "system images", "guest programs", "apt", "https", "clock"] {
                #expect(try report(subject).state == "ok", "\(subject)")
            }
            #expect(try report("system images").detail == "1 in '\(folder)/share', 0 of them in the store")
            #expect(try report("credentials").detail == "'\(folder)/auth.json'")
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/store/blobs"))
        }
    }

    /// What only boots need does not count; apt counts for as long as the store lacks an image.
    @Test func missingProgramsAreNamed() throws {
        try withTemporaryDirectory { folder in
            let environment = try Self.host(folder, programs: [])
            try TestFile.write("{", to: "\(folder)/auth.json")
            let report = try Self.report(environment, status: 1)
            #expect(!report.ok)
            let apt = try report("apt")
            #expect(apt.state == "missing" && apt.required)
            #expect(apt.detail.hasPrefix("no apt-get, apt-cache, env in PATH"))
            #expect(try report("credentials").state == "warn")
            let text = try Program.run(["doctor"], environment: environment)
            #expect(text.status == 1)
            #expect(text.output.contains("\n         hint: apt-get install qemu-system-"), "\(text.output)")
            #expect(text.output.hasSuffix("'moby build' does not work on this host; see 'missing'.\n"))
            try Program.moby(["pkg", "build", "@moby:box"], environment: environment)
            let after = try Self.report(environment, status: 0)
            #expect(try after("apt").state == "missing" && !after("apt").required)
        }
    }

    /// The system images are made of Debian packages, which other distributions do not have.
    @Test func missingMirrorIsNamed() throws {
        try withTemporaryDirectory { folder in
            var environment = try Self.host(folder, programs: ["apt-cache"])
            try TestFile.write("URIs: {archive}\n", to: "\(folder)/share/pkg/other.sources")
            try TestFile.write(
                "#!/bin/sh\necho http://mirror.example/ubuntu noble\n", to: "\(folder)/bin/apt-get", mode: 0o755)
            environment["PATH"]? += ":" + (Program.environment["PATH"] ?? "")
            let apt = try Self.report(environment, status: 1)("apt")
            #expect(apt.state == "missing" && apt.required)
            #expect(apt.hint == "name a mirror of Debian: MOBY_DEBIAN_MIRROR=http://HOST/debian")
            environment["MOBY_DEBIAN_MIRROR"] = "http://mirror.example/debian/"
            let named = try Self.report(environment, status: 0)("apt")
            #expect(named.detail == "apt-get and apt-cache, Debian packages from 'http://mirror.example/debian'")
        }
    }

    @Test func missingInstallationAndStoreAreNamed() throws {
        try withTemporaryDirectory { folder in
            var environment = try Self.host(folder, programs: ["apt-get", "apt-cache", "env"])
            environment["MOBY_SHARE"] = "\(folder)/none"
            environment["MOBY_PRODUCTS"] = "\(folder)/none"
            environment["MOBY_CACHE"] = "\(folder)/bundle.pem/store"
            let report = try Self.report(environment, status: 1)
            #expect(try report("system images").state == "missing")
            #expect(try report("guest programs").detail == "'\(folder)/none' has no init and no metadata")
            #expect(try report("store").detail == "'\(folder)/bundle.pem' is not a folder")
        }
    }
}
