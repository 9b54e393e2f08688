import Foundation
import Synchronization
import TestSupport
import Testing

/// `moby build` of a spec whose `outputs` ask for more than files, with a real storage server.
@Suite(.serialized) struct GCPBuildTests {
    struct Sent: Sendable {
        var object = false
        var image = false
    }

    private static let entry = "project: infoslack-1337, bucket: images, family: web, replace: true"

    static let cases: [(outputs: String, options: [String], sent: Sent)] = [
        ("{format: gcp, \(entry), keys: KEYS}", [], Sent(object: true, image: true)),
        ("{format: gcp-storage, \(entry), keys: KEYS}", [], Sent(object: true)),
        ("{format: gcp-img, \(entry), keys: KEYS}", [], Sent()), ("{format: gcp}", [], Sent()),
        ("{format: gcp, \(entry), keys: KEYS}", ["--no-upload"], Sent()),
        ("{format: gcp, \(entry), keys: KEYS}", ["--format", "gcp"], Sent()),
    ]

    private static func spec(_ outputs: String, in folder: String) throws {
        let user = #"{"type":"authorized_user","client_id":"c","client_secret":"s3cret","refresh_token":"r3fresh"}"#
        try TestFile.write(user, to: "\(folder)/user.json")
        let text = """
            kernel: {image: "@pkg:\(Program.root)/kernel", cmdline: console=ttyS0}
            init: ["@pkg:\(Program.root)/pkg/init"]
            outputs:
              - \(outputs.replacing("KEYS", with: "\(folder)/user.json"))

            """
        try TestFile.write(text, to: "\(folder)/web.yml")
    }

    @Test(arguments: cases.indices) func outputsAreSentAsTheyAskFor(index: Int) async throws {
        let (outputs, options, sent) = Self.cases[index]
        try await withTemporaryDirectory { folder in
            try Self.spec(outputs, in: folder)
            try await FakeStorage.with(buckets: ["images"], in: folder) { storage in
                let google = try ScriptedGoogle()
                google.state.withLock { $0.folder = storage.folder }
                let environment = google.environment(storage: storage.url)
                try Program.moby(
                    ["build", "--dir", folder] + options + ["\(folder)/web.yml"], environment: environment)
                #expect(google.state.withLock { $0.problems } == [])
                let object = "\(storage.folder)/images/web.img.tar.gz"
                #expect(FileManager.default.fileExists(atPath: object) == sent.object)
                if sent.object { #expect(try TestFile.read(object) == (try TestFile.read("\(folder)/web.img.tar.gz"))) }
                #expect(google.state.withLock { $0.images["web"]?["family"] as? String } == (sent.image ? "web" : nil))
                // Storage that is emulated gets no token.
                if !sent.image { #expect(google.requests.isEmpty) }
                let calls = google.requests.filter { $0.target.hasPrefix("/compute/") }
                #expect(calls.allSatisfy { $0.headers["authorization"] == "Bearer ya29.user" })
            }
        }
    }

    /// A second build: the bytes are not sent again, the image is created again; without `replace` it is an error.
    @Test func imagesAreReplacedOnlyWhenTold() async throws {
        try await withTemporaryDirectory { folder in
            try await FakeStorage.with(buckets: ["images"], in: folder) { storage in
                let google = try ScriptedGoogle()
                google.state.withLock { $0.folder = storage.folder }
                let environment = google.environment(storage: storage.url)
                let arguments = ["build", "--dir", folder, "\(folder)/web.yml"]
                try Self.spec("{format: gcp, \(Self.entry)}", in: folder)
                try Program.moby(arguments, environment: environment)
                let again = try Program.run(arguments, environment: environment)
                #expect(again.status == 0, "\(again.error)")
                #expect(again.error.contains("moby: gs://images/web.img.tar.gz already has these bytes\n"))
                #expect(google.changes.contains("DELETE /compute/v1/projects/infoslack-1337/global/images/web"))
                try Self.spec("{format: gcp, project: infoslack-1337, bucket: images}", in: folder)
                let refused = try Program.run(arguments, environment: environment)
                #expect(refused.status == 1)
                #expect(
                    refused.error.contains("error: image 'web' already exists\n  hint: add 'replace: true'"),
                    "\(refused.error)")
            }
        }
    }
}
