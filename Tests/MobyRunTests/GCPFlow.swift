import Archive
import Cloud
import DiskImage
import Extents
import GCP
import HTTP
import Synchronization
import TestSupport

@testable import MobyRun

/// Runs the GCP runner against a scripted Google.
enum GCPFlow {
    /// What a user saw.
    final class Screen: Sendable {
        let lines = Mutex<[String]>([])
        let console = Mutex("")
    }

    /// A disk of 1 GiB with a few bytes in it, as `moby build --format gcp` would leave it.
    static func tarball(in folder: String, name: String = "gcp.img.tar.gz", isEFI: Bool = true) async throws -> String {
        var sector = [UInt8](repeating: 0, count: 512)
        if isEFI { (sector[450], sector[458]) = (0xEF, 1) }
        (sector[510], sector[511]) = (0x55, 0xAA)
        var disk = ExtentList(bytes: sector)
        disk.pad(to: 1 << 30)
        let tar = "\(folder)/disk-only.tar"
        try ExtentWriter.write(try GCPArchive.encode(disk), to: tar)
        try await Oracle("gzip")("-nkf", tar)
        try TestFile.write(try TestFile.read("\(tar).gz"), to: "\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    static func publication(_ file: String) -> GCPPublication {
        var publication = GCPPublication(file, project: "infoslack-1337")
        publication.bucket = "images"
        publication.replaces = true
        return publication
    }

    static var machine: GCPMachine {
        var machine = GCPMachine(project: "infoslack-1337")
        machine.console = .output
        return machine
    }

    static func gcp(
        _ google: ScriptedGoogle, _ job: GCPJob, _ screen: Screen = Screen(), credential: Credential = .none,
        tries: Int = 3
    ) throws -> GoogleCloud {
        let retries = RetryPolicy(tries: tries, firstPause: .milliseconds(1)) { _ in }
        var endpoints = google.endpoints
        // Storage that is emulated gets no token; under another name this is no storage.
        endpoints.compute = endpoints.compute.replacing("127.0.0.1", with: "localhost")
        let client = GoogleClient(
            credential, transport: try CurlTransport(environment: [:]), endpoints: endpoints, retries: retries)
        var host = CloudHost { line in
            screen.lines.withLock { $0.append(line) }
        } console: { text in
            screen.console.withLock { $0 += text }
        }
        host.sleep = { _ in }
        return GoogleCloud(job, client: client, host: host)
    }
}
