import Foundation
import Synchronization
import TestSupport
import Testing

/// `moby push gcp` and `moby run gcp` before a person at a terminal: Ctrl-C, and the progress of an upload.
struct GCPTerminalTests {
    private static let arguments = ["-project", "infoslack-1337", "-bucket", "images"]

    /// Ctrl-C typed at the terminal: the first one asks, the machine goes on; the second one deletes it.
    @Test func controlCAsksOnceThenTidiesUp() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.powersOff = false }
            let file = try await GCPCommandTests.tarball(in: folder)
            let program = try RunningProgram(
                try Program.path(), ["run", "gcp"] + Self.arguments + ["--console", "output", file], onTerminal: true,
                folder: folder,
                environment: google.environment())
            try program.wait(for: "moby: ready")
            program.type("\u{3}")
            try program.wait(for: "moby: press Ctrl-C again to stop and remove what was created")
            #expect(google.state.withLock { $0.instances.count } == 1)
            program.type("\u{3}")
            #expect(try program.waitForEnd() == 130)
            #expect(program.text.contains("moby: interrupted\r\n  cleaned up: instance 'gcp'\r\n"), "\(program.text)")
            #expect(google.state.withLock { $0.instances.isEmpty && $0.images["gcp"] != nil && $0.problems.isEmpty })
        }
    }

    /// Without a terminal, one signal is enough.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func signalsTidyUp(signal: Int32) async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.powersOff = false }
            let file = try await GCPCommandTests.tarball(in: folder)
            let program = try RunningProgram(
                try Program.path(), ["run", "gcp"] + Self.arguments + ["--console", "output", file], folder: folder,
                environment: google.environment())
            try program.wait(for: "moby: ready")
            program.send(signal)
            #expect(try program.waitForEnd() == 130)
            #expect(program.text.hasSuffix("moby: interrupted\n  cleaned up: instance 'gcp'\n"), "\(program.text)")
            #expect(google.state.withLock { $0.instances.isEmpty })
        }
    }

    /// An upload that is given up is closed on the server, and leaves no object.
    @Test func aStoppedUploadIsCancelled() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.hold("PUT /session")
            let file = try await GCPCommandTests.tarball(in: folder)
            let program = try RunningProgram(
                try Program.path(), ["push", "gcp"] + Self.arguments + [file], folder: folder,
                environment: google.environment())
            while !google.changes.contains(where: { $0.hasPrefix("PUT") }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            program.send(SIGINT)
            #expect(try program.waitForEnd() == 130)
            #expect(program.text.contains("moby: interrupted\n"), "\(program.text)")
            #expect(google.changes.contains("DELETE /session/u1"))
            #expect(google.state.withLock { $0.problems == [] && $0.objects.isEmpty })
        }
    }

    /// A message takes the place of what is drawn, and nothing drawn is left at the end.
    @Test func messagesGoAboveWhatIsDrawn() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.slowness = 2_000_000 }
            let file = try await GCPCommandTests.tarball(in: folder, bytes: 40_000_000)
            let program = try RunningProgram(
                try Program.path(), ["push", "gcp"] + Self.arguments + [file], onTerminal: true, folder: folder,
                environment: google.environment().merging(Self.terminal) { $1 })
            try program.wait(for: " left")
            program.type("\u{3}")
            try program.wait(for: "press Ctrl-C again")
            program.type("\u{3}")
            #expect(try program.waitForEnd() == 130)
            // The terminal shows the key as `^C`.
            let text = program.text.replacing("^C", with: "")
            #expect(text.contains("\r\u{1B}[1A\u{1B}[Jmoby: press Ctrl-C again"), "\(text)")
            #expect(text.hasSuffix("\r\u{1B}[1A\u{1B}[Jmoby: interrupted\r\n"), "\(text)")
            #expect(google.changes.contains("DELETE /session/u1"))
        }
    }

    /// The result is all that standard output has; the console goes elsewhere.
    @Test func resultsAreJSONWhenAskedFor() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let file = try await GCPCommandTests.tarball(in: folder)
            let result = try Program.run(
                ["run", "gcp"] + Self.arguments + ["--console", "output", "--json", file],
                environment: google.environment())
            #expect(result.status == 0, "\(result.error)")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect(object["object"] as? String == "gs://images/gcp.img.tar.gz")
            #expect(object["size"] as? Int == (try TestFile.read(file).count))
            #expect(object["image"] as? String == "projects/infoslack-1337/global/images/gcp")
            let words = ["instance", "zone", "address"].map { object[$0] as? String }
            #expect(words == ["gcp", "europe-west1-d", "203.0.113.7"])
            #expect(object["deleted"] as? Bool == true && object["uploaded"] as? Bool == true)
            #expect(result.error.contains("moby: ready\n"))
        }
    }

    private static let terminal = ["TERM": "xterm", "NO_COLOR": "1"]

    /// Bytes, rate and time left, in one line that is written again and again.
    @Test func aTerminalShowsProgress() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.slowness = 400_000 }
            let file = try await GCPCommandTests.tarball(in: folder, bytes: 40_000_000)
            let program = try RunningProgram(
                try Program.path(), ["push", "gcp"] + Self.arguments + [file], onTerminal: true, folder: folder,
                environment: google.environment().merging(Self.terminal) { $1 })
            #expect(try program.waitForEnd() == 0)
            let frames = program.text.split(separator: "\u{1B}[K")
            let line =
                #/uploading gs:.*  \[[=>]+ *\] +[0-9.]+\/4[0-9]\.[0-9] MB +[0-9.]+ [kM]?B\/s +[0-9]+:[0-9]{2} left/#
            #expect(frames.contains { $0.firstMatch(of: line) != nil }, "\(program.text)")
            #expect(program.text.contains("\r\u{1B}[1A\u{1B}[J"), "\(program.text)")
        }
    }

    @Test func withoutATerminalThereAreLinesOnly() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.slowness = 400_000 }
            let file = try await GCPCommandTests.tarball(in: folder, bytes: 40_000_000)
            let result = try Program.run(
                ["push", "gcp"] + Self.arguments + [file],
                environment: google.environment().merging(["MOBY_PROGRESS": "auto"]) { $1 })
            #expect(result.status == 0)
            #expect(result.output == "gs://images/gcp.img.tar.gz\nprojects/infoslack-1337/global/images/gcp\n")
            let size = try TestFile.read(file).count
            let log = result.error.split(separator: "\n").filter { $0.hasPrefix("moby: ") }
            #expect(!result.error.contains("\u{1B}"))
            #expect(
                log.map { $0 + "\n" }.joined()
                    == "moby: uploading \(size) bytes to gs://images/gcp.img.tar.gz\nmoby: creating image 'gcp'\n")
        }
    }
}
