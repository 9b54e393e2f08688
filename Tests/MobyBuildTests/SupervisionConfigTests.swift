import BootLayout
import Foundation
import JSON
import OCI
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobySpec

/// What becomes of the keys by which PID 1 starts, watches and ends a service.
struct SupervisionConfigTests {
    private func configuration(_ yaml: String, section: String = "services", _ image: String = "{}") throws
        -> RuntimeConfig
    {
        var execution = RuntimeConfigTests.image
        let more = try JSONDecoder().decode(ImageConfig.Execution.self, from: Data(image.utf8))
        execution.config?.stopSignal = more.stopSignal
        execution.config?.healthcheck = more.healthcheck
        return try RuntimeConfigTests.configuration(
            "\(section):\n  - {name: web, image: nginx, \(yaml)}\n  - {name: db, image: nginx}\n", image: execution)
    }

    @Test func keysReachTheRecord() throws {
        let record = try configuration(
            "after: [db], required: false, early: true, stopGrace: 1500ms, ready: {http: 80, timeout: 2m}, health: {tcp: 80, interval: 500ms, action: reboot}"
        ).record
        var wanted = Supervision()
        (wanted.after, wanted.isRequired, wanted.isEarly, wanted.stopGrace) = (["db"], false, true, 1500)
        wanted.ready = .init(.http(port: 80, path: "/"), limit: 120_000)
        wanted.health = .init(.tcp(port: 80), interval: 500, action: .reboot)
        #expect(record.supervision == wanted)
        #expect(try RuntimeRecord(parsing: Array(record.text.utf8)) == record)
    }

    /// The files of a build without these keys stay as they were.
    @Test func defaultsAreNotWritten() throws {
        #expect(try !configuration("restart: always").record.text.contains("supervision"))
    }

    @Test(arguments: ["services", "onboot"]) func aReaperRunsTheProgram(section: String) throws {
        let config = try configuration("init: true", section: section).config.json
        let words = config["process"]?["args"]?.array?.compactMap(\.string)
        #expect(words == ["/dev/moby-init", "/usr/sbin/nginx", "-g", "daemon off;"])
        let mount = config["mounts"]?.array?.first { $0["destination"]?.string == "/dev/moby-init" }
        #expect(mount?["source"]?.string == "/init" && mount?["type"]?.string == "bind")
    }

    @Test func aServiceThatNotifiesHasASocket() throws {
        let config = try configuration("ready: notify").config.json
        #expect(try configuration("ready: {notify: true}").config.json == config)
        #expect(config["process"]?["env"]?.array?.last?.string == "NOTIFY_SOCKET=/dev/notify")
        let mount = config["mounts"]?.array?.first { $0["destination"]?.string == "/dev/notify" }
        #expect(mount?["source"]?.string == "/run/moby/notify/web")
    }

    @Test(arguments: [
        ("SIGQUIT", 3), ("int", 2), ("37", 37), ("SIGRTMIN+3", 37), ("SIGRTMAX-1", 63), ("SIGTERM", 0), ("", 0),
        ("SIGNONE", 0), ("99", 0),
    ])
    func theImageNamesItsSignal(text: String, number: Int) throws {
        let config = try configuration("restart: always", #"{"StopSignal": "\#(text)"}"#)
        #expect(config.record.supervision.stopSignal == number)
        #expect(config.warnings.count == (["SIGNONE", "99"].contains(text) ? 1 : 0))
    }

    @Test(arguments: [
        (#"["CMD", "curl", "-f", "localhost"]"#, ["curl", "-f", "localhost"]),
        (#"["CMD-SHELL", "exit 1"]"#, ["/bin/sh", "-c", "exit 1"]),
    ])
    func theImageNamesItsCheck(test: String, words: [String]) throws {
        let image = #"{"Healthcheck": {"Test": \#(test), "Interval": 5000000000, "Retries": 2}}"#
        #expect(try configuration("restart: always", image).record.supervision.health == nil)
        let record = try configuration("health: image", image).record
        #expect(record.supervision.health == .init(.exec(words), interval: 5000, retries: 2))
        #expect(try configuration("health: none", image).record.supervision.health == nil)
    }

    @Test(arguments: ["{}", #"{"Healthcheck": {"Test": ["NONE"]}}"#]) func aCheckThatTheImageLacksIsAnError(
        image: String
    )
        throws
    {
        let error = #expect(throws: SpecError.self) { try configuration("health: image", image) }
        #expect(error?.diagnostics.first?.message == "image 'nginx' of 'web' has no Healthcheck")
    }
}
