internal import Glibc
internal import GuestSystem

/// The program of `pkg/metadata`: writes the metadata of the cloud, or of a config disk, to `/run/config`.
public enum MetadataProgram {
    /// Asks the providers in `arguments` in parallel, and writes the metadata of the first, in their order, that has
    /// some.
    /// - Parameter arguments: the name of the program, then providers; see ``Provider``. Default: what is attached to
    ///   the machine, then the server of its cloud, or all servers when its firmware names no cloud.
    /// - Returns: the exit status: 0 even without metadata, 1 when some could not be read or written, 64 for unknown
    ///   words.
    public static func run(_ arguments: [String], folder: String = "/run/config") -> Int32 {
        let providers: [Provider]
        do throws(MetadataError) {
            providers = try Provider.all(arguments.dropFirst(), on: MachineIdentity.read())
        } catch {
            return ProgramLog.metadata.report([error], status: 64)
        }
        let probes = providers.map { provider in { deadline in provider.probe(until: deadline) } as Probes.Probe }
        let results = Probes.run(probes, timeout: Provider.timeout) {
            ProviderAnswers(providers: providers, results: $0).isDecided
        }
        if let finding = ProviderAnswers(providers: providers, results: results).finding {
            return keep(finding, in: folder)
        }
        ProgramLog.metadata.report("no metadata found")
        for line in ProviderAnswers(providers: providers, results: results).reasons { ProgramLog.metadata.report(line) }
        return 0
    }

    private static func keep(_ finding: Finding, in folder: String) -> Int32 {
        var writer: ConfigWriter
        do throws(MetadataError) {
            writer = try ConfigWriter(folder: folder)
        } catch {
            return ProgramLog.metadata.report([error], status: 1)
        }
        let hostname = writer.write(finding)
        if let hostname {
            do throws(MetadataError) { try Hostname.set(hostname) } catch { writer.errors.append(error) }
        }
        if finding.provider == "Azure" {
            let server = MetadataServer(
                AzureWireServer.client, until: ProviderDeadline(milliseconds: Provider.timeout))
            do throws(MetadataError) {
                try AzureWireServer(server: server).reportReady()
            } catch {
                writer.errors.append(error)
            }
        }
        let userData = finding.userData.map { "\($0.count) bytes of user data" } ?? "no user data"
        ProgramLog.metadata.report(
            "\(finding.origin): \(hostname.map { "hostname \($0), " } ?? "")\(finding.keys.count) ssh keys, \(userData)"
        )
        return ProgramLog.metadata.report(finding.errors + writer.errors, status: 1)
    }
}

/// What a program of this package prints. Servers and disks wrote parts of the text: none of it drives the terminal.
struct ProgramLog: Sendable {
    static let metadata = ProgramLog(name: "metadata")

    let name: String

    private func line(_ text: String) -> String { "\(name): \(PlainLines.line(text))\n" }

    func report(_ text: String) { print(line(text), terminator: "") }

    /// - Returns: `status` when there are errors.
    func report(_ errors: [MetadataError], status: Int32) -> Int32 {
        let text = Array(errors.map { line($0.description) }.joined().utf8)
        // The status reports them as well.
        do { try Files.write(text, to: STDERR_FILENO, "standard error") } catch { return status }
        return errors.isEmpty ? 0 : status
    }
}
