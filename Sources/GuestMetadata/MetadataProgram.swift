internal import Glibc
internal import GuestSystem

/// The program of `pkg/metadata`: writes the metadata of the cloud, or of a config disk, to `/run/config`.
public enum MetadataProgram {
    /// Asks the providers in `arguments` in parallel, and writes the metadata of the first, in their order, that has
    /// some.
    /// - Parameter arguments: the name of the program, then providers; see ``Provider``. Default: disks, then Google.
    /// - Returns: the exit status: 0 even without metadata, 1 when some could not be read or written, 64 for unknown
    ///   words.
    public static func run(_ arguments: [String], folder: String = "/run/config") -> Int32 {
        let providers: [Provider]
        do throws(MetadataError) {
            providers = try Provider.all(arguments.dropFirst())
        } catch {
            return report([error], status: 64)
        }
        let probes = providers.map { provider in { deadline in provider.probe(until: deadline) } as Probes.Probe }
        let answers = Probes.run(probes, timeout: Provider.timeout)
        for case .found(let finding) in answers { return keep(finding, in: folder) }
        let reasons = zip(providers, answers).map { provider, answer in
            if case .absent(let reason) = answer { "\(provider): \(reason)" } else { "\(provider): no answer" }
        }
        report("no metadata found (\(reasons.joined(separator: "; ")))")
        return 0
    }

    private static func keep(_ finding: Finding, in folder: String) -> Int32 {
        var writer: ConfigWriter
        do throws(MetadataError) {
            writer = try ConfigWriter(folder: folder)
        } catch {
            return report([error], status: 1)
        }
        let hostname = writer.write(finding)
        if let hostname {
            do throws(MetadataError) { try Hostname.set(hostname) } catch { writer.errors.append(error) }
        }
        let userData = finding.userData.map { "\($0.count) bytes of user data" } ?? "no user data"
        report(
            "\(finding.origin): \(hostname.map { "hostname \($0), " } ?? "")\(finding.keys.count) ssh keys, \(userData)"
        )
        return report(finding.errors + writer.errors, status: 1)
    }

    /// Servers and disks wrote parts of the text: none of it drives the terminal.
    private static func line(_ text: String) -> String { "metadata: \(PlainLines.line(text))\n" }

    private static func report(_ text: String) { print(line(text), terminator: "") }

    /// - Returns: `status` when there are errors.
    private static func report(_ errors: [MetadataError], status: Int32) -> Int32 {
        let text = Array(errors.map { line($0.description) }.joined().utf8)
        // The status reports them as well.
        do { try Files.write(text, to: STDERR_FILENO, "standard error") } catch { return status }
        return errors.isEmpty ? 0 : status
    }
}
