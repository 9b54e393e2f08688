import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// The forms of user data.
struct UserDataPartTests {
    @Test(arguments: [
        ("#cloud-config\na: b\n", UserDataPart.config(Array("#cloud-config\na: b\n".utf8))),
        ("#!/bin/sh\n", .script(Array("#!/bin/sh\n".utf8))), ("{\"a\": {}}", .other), ("", .other),
        ("#include\nhttp://x\n", .unsupported("'#include' at the start of user data is not supported")),
        (
            "## template: jinja\n#cloud-config\n",
            .unsupported("'## template: jinja' at the start of user data is not supported")
        ),
    ])
    func readsTheFirstLine(text: String, part: UserDataPart) throws {
        #expect(try UserDataPart.list(Array(text.utf8)) == [part])
    }

    /// A message that Python's library makes, as cloud-init's own command does.
    @Test func readsMessages() async throws {
        let script = """
            import sys
            from email.mime.multipart import MIMEMultipart
            from email.mime.text import MIMEText
            whole = MIMEMultipart()
            for kind, text, code in [("cloud-config", "#cloud-config\\nhostname: x\\n", "us-ascii"),
                                     ("x-shellscript", "#!/bin/sh\\necho gr\\u00fc\\u00dfe\\n", "utf-8")]:
                whole.attach(MIMEText(text, kind, code))
            sys.stdout.write(whole.as_string())
            """
        let answer = try await Oracle("python3").run(["-c", script])
        let parts = try UserDataPart.list(Array(answer.text.utf8))
        guard parts.count == 2, case .config(let config) = parts[0], case .script(let bytes) = parts[1] else {
            Issue.record("\(parts)")
            return
        }
        #expect(Text.trimmed(config) == "#cloud-config\nhostname: x")
        #expect(Text.trimmed(bytes) == "#!/bin/sh\necho grüße")
    }

    @Test(arguments: [
        "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\nx\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: x-y\n\nx\n--b--\n",
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 200)
            + "--b--\n",
    ])
    func refusesMalformedMessages(text: String) {
        #expect(throws: MetadataError.self) { try UserDataPart.list(Array(text.utf8)) }
    }

    @Test func survivesDamage() throws {
        let sound = Array(
            "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/cloud-config\n\n#cloud-config\nhostname: x\nusers: [a]\n--b--\n"
                .utf8)
        var numbers = Numbers(84)
        for _ in 0..<20_000 {
            var bytes = sound
            for _ in 0..<3 {
                bytes[.random(in: 0..<bytes.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
            }
            guard let parts = try? UserDataPart.list(bytes) else { continue }
            for case .config(let text) in parts { _ = try? CloudConfig(text) }
        }
    }
}
