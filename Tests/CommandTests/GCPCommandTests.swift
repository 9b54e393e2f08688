import Archive
import DiskImage
import Extents
import Foundation
import Synchronization
import TestSupport
import Testing

/// `moby push gcp` and `moby run gcp`, as users run them, against a scripted Google.
struct GCPCommandTests {
    static func tarball(in folder: String, bytes: Int = 512) async throws -> String {
        let data = "\(folder)/data"
        try TestFile.writeNoise((bytes + 999_999) / 1_000_000 * 1_000_000, to: data)
        var disk = try ExtentList(file: data)
        disk.pad(to: 1 << 30)
        try ExtentWriter.write(try GCPArchive.encode(disk), to: "\(folder)/gcp.img.tar")
        try await Oracle("gzip")("-1n", "\(folder)/gcp.img.tar")
        return "\(folder)/gcp.img.tar.gz"
    }

    /// The classic command line, with one dash and the variables exported. `ssh` is a script here that looks at what it
    /// is given.
    @Test func theClassicCommandLineWorks() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            _ = try await Self.tarball(in: folder)
            let script = """
                #!/bin/sh
                for word; do last=$word; done
                echo "console of $last"
                while [ "$1" != -i ]; do shift; done
                stat -c 'key %a' "$2"; ssh-keygen -y -f "$2" | cut -d' ' -f1,2 >'\(folder)/public'
                cat "$(dirname "$2")/known_hosts"

                """
            try TestFile.write(script, to: "\(folder)/bin/ssh", mode: 0o755)
            var environment = google.environment()
            environment["CLOUDSDK_CORE_PROJECT"] = "infoslack-1337"
            environment["CLOUDSDK_COMPUTE_ZONE"] = "europe-west1-d"
            environment["PATH"] = "\(folder)/bin:\(Program.environment["PATH"] ?? "/usr/bin:/bin")"
            let result = try Program.run(
                ["run", "gcp", "-project", "infoslack-1337", "gcp.img.tar.gz"], in: folder, environment: environment)
            #expect(result.status == 0, "\(result.error)")
            #expect(google.state.withLock { $0.problems } == [])
            let gateway = "europe-west1-ssh-serialport.googleapis.com"
            #expect(
                result.output == """
                    console of infoslack-1337.europe-west1-d.gcp.moby@\(gateway)
                    key 600
                    [\(gateway)]:9600 ssh-rsa AAAAB3NzaC1yc2E=

                    """)
            let sent = try #require(google.requests.last { $0.method == "POST" })
            let key = try TestFile.text("\(folder)/public").trimmingCharacters(in: .newlines)
            #expect(String(decoding: sent.body, as: UTF8.self).contains("moby:\(key) moby"))
            #expect(google.state.withLock { $0.instances.isEmpty && $0.images["gcp"] != nil })
            #expect(google.state.withLock { $0.objects["infoslack-1337-moby-images/gcp.img.tar.gz"] != nil })
            try Self.expectPlanned(google.requests, in: folder, environment)
        }
    }

    /// The requests of a run without bucket, image and instance of before are those that `--dry-run` prints for it.
    private static func expectPlanned(
        _ requests: [ScriptedServer.Request], in folder: String, _ environment: [String: String]
    ) throws {
        let dry = try Program.run(
            ["run", "gcp", "-project", "infoslack-1337", "--dry-run", "--json", "gcp.img.tar.gz"], in: folder,
            environment: environment)
        let calls = try #require(try JSONSerialization.jsonObject(with: Data(dry.output.utf8)) as? [[String: Any]])
        var planned = calls.map { "\($0["method"] as? String ?? "") \($0["url"] as? String ?? "")" }
        planned.removeAll { $0.contains("/o/gcp.img.tar.gz?") || $0.firstMatch(of: /^DELETE .*\/images\//) != nil }
        planned.remove(at: try #require(planned.firstIndex { $0.hasPrefix("DELETE") }))
        let sent = requests.filter { $0.target.firstMatch(of: /\/operations\/|^\/computeMetadata\//) == nil }.map {
            request in
            let target = request.target.replacing(/requestId=[-0-9a-f]{36}/, with: "requestId=UUID")
            return target.hasPrefix("/session/")
                ? "PUT (the address in the answer's Location)"
                : "\(request.method) http://\(request.headers["host"] ?? "")\(target)"
        }
        #expect(sent == planned)
    }

    /// 200 MB, the connection cut three times: little memory, and the object is right.
    @Test func aCutUploadResumesInLittleMemory() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let proxy = try CuttingProxy(cutting: [30_000_000, 100_700_000, 150_000_001])
            proxy.forward(to: google.port)
            let file = try await Self.tarball(in: folder, bytes: 200_000_000)
            let ended = try EndedProcess(
                "/usr/bin/time",
                [
                    "-f", "%M", "-o", "\(folder)/memory", try Program.path(), "push", "gcp", "-project",
                    "infoslack-1337", "-bucket",
                    "images",
                    "--json", file,
                ], environment: google.environment(storage: "http://\(proxy.host)"))
            #expect(ended.status == 0, "\(ended.complaint)")
            #expect(proxy.cutsDone == 3)
            #expect(google.state.withLock { $0.problems } == [])
            #expect(google.state.withLock { $0.objects["images/gcp.img.tar.gz"] } == (try TestFile.read(file)))
            let memory = try #require(
                Int(try TestFile.text("\(folder)/memory").trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(memory <= 32 << 10, "\(memory) KiB")
        }
    }

    @Test func aDryRunAsksNothingAndShowsNoSecret() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let file = try await Self.tarball(in: folder)
            try TestFile.write(
                #"{"type":"authorized_user","client_id":"c","client_secret":"s3cret","refresh_token":"r3fresh"}"#,
                to: "\(folder)/user.json"
            )
            let result = try Program.run(
                [
                    "run", "gcp", "--project", "infoslack-1337", "--keys", "\(folder)/user.json", "--data", "p4ssword",
                    "--dry-run", file,
                ],
                environment: google.environment())
            #expect(result.status == 0, "\(result.error)")
            #expect(google.requests.isEmpty)
            #expect(result.output.contains("/compute/v1/projects/infoslack-1337/global/images?requestId=UUID\n{"))
            for secret in ["s3cret", "r3fresh", "p4ssword"] {
                #expect(!(result.output + result.error).contains(secret))
            }
        }
    }

    /// The key of a service account is read, and neither it nor what it signs is shown.
    @Test func aDryRunOfAPushShowsNoSecret() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let file = try await Self.tarball(in: folder)
            try await Oracle("openssl")("genrsa", "-out", "\(folder)/key.pem", "2048")
            let pem = try TestFile.text("\(folder)/key.pem")
            let account = [
                "type": "service_account", "project_id": "infoslack-1337",
                "client_email": "moby@infoslack-1337.iam.gserviceaccount.com",
                "private_key": pem, "private_key_id": "k3y1d", "token_uri": "http://\(google.host)/token",
            ]
            try TestFile.write(Array(try JSONEncoder().encode(account)), to: "\(folder)/account.json")
            let result = try Program.run(
                ["push", "gcp", "--keys", "\(folder)/account.json", "--bucket", "images", "--dry-run", file],
                environment: google.environment().merging(["CLOUDSDK_CORE_PROJECT": ""]) { _, new in new })
            #expect(result.status == 0, "\(result.error)")
            #expect(google.requests.isEmpty)
            for piece in [
                "/upload/storage/v1/b/images/o?uploadType=resumable", "PUT (the address",
                "/projects/infoslack-1337/global/images?requestId=UUID\n{",
            ] {
                #expect(result.output.contains(piece))
            }
            let said = result.output + result.error
            for secret in [String(pem.dropFirst(40).prefix(40)), "PRIVATE KEY", "k3y1d", "ya29", "Bearer"] {
                #expect(!said.contains(secret))
            }
        }
    }

    @Test(arguments: [
        (
            ["push", "gcp", "--project", "infoslack-1337", "--bucket", "images", "nothing.img.tar.gz"],
            "read 'nothing.img.tar.gz'"
        ),
        (["run", "gcp", "--project", "infoslack-1337", "--zone", "europe", "web"], "'europe' is not a valid zone"),
        (
            ["run", "gcp", "--project", "infoslack-1337", "--keys", "/nonexistent.json", "web"],
            "read '/nonexistent.json'"
        ),
    ])
    func errorsAreSentences(arguments: [String], message: String) throws {
        let result = try Program.run(
            arguments,
            environment: [
                "CLOUDSDK_CORE_PROJECT": "", "GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": "/nonexistent",
            ])
        #expect(result.status == 1)
        #expect(result.error.hasPrefix("error: \(message)"), "\(result.error)")
    }

    /// A missing project is an error of the command line.
    @Test(arguments: [["push", "gcp", "x.img.tar.gz"], ["run", "gcp", "x.img.tar.gz"], ["run", "gcp", "web"]])
    func aMissingProjectIsAUsageError(arguments: [String]) throws {
        let result = try Program.run(
            arguments,
            environment: [
                "CLOUDSDK_CORE_PROJECT": "", "GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": "/nonexistent",
            ])
        #expect(result.status == 64)
        #expect(
            result.error
                == "error: no project is named\n  hint: name it with --project or CLOUDSDK_CORE_PROJECT\n")
    }
}
