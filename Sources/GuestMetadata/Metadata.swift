internal import Glibc

/// The one program of `pkg/metadata`: what the cloud, or a disc, says about this machine goes to `/run/config`.
public enum Metadata {
    /// Asks the providers that `arguments` name, all at once, and writes down what the first of them that answered
    /// said.
    /// - Parameter arguments: the name of the program, then providers; see ``Provider``. None: discs, then Google.
    /// - Returns: the exit status: 0 also when nobody answered, 1 when something that was said could not be written, 64
    ///   for unknown words.
    public static func run(_ arguments: [String], folder: String = "/run/config") -> Int32 {
        let providers: [Provider]
        do throws(MetadataError) {
            providers = try Provider.all(arguments.dropFirst())
        } catch {
            return complain([error], status: 64)
        }
        let probes = providers.map { provider in { deadline in provider.probe(until: deadline) } as Probes.Probe }
        let answers = Probes.run(probes, patience: Provider.patience)
        for case .found(let finding) in answers { return keep(finding, in: folder) }
        let reasons = zip(providers, answers).map { provider, answer in
            if case .absent(let reason) = answer { "\(provider): \(reason)" } else { "\(provider): no answer" }
        }
        say("no metadata, going on without (\(reasons.joined(separator: "; ")))")
        return 0
    }

    private static func keep(_ finding: Finding, in folder: String) -> Int32 {
        var writer: ConfigWriter
        do throws(MetadataError) {
            writer = try ConfigWriter(folder: folder)
        } catch {
            return complain([error], status: 1)
        }
        let hostname = writer.write(finding)
        if let hostname {
            do throws(MetadataError) { try Hostname.set(hostname) } catch { writer.faults.append(error) }
        }
        let userData = finding.userData.map { "\($0.count) bytes of user data" } ?? "no user data"
        say(
            "\(finding.origin): \(hostname.map { "hostname \($0), " } ?? "")\(finding.keys.count) ssh keys, \(userData)"
        )
        return complain(finding.faults + writer.faults, status: 1)
    }

    private static func say(_ text: String) { print("metadata: \(text)") }

    /// - Returns: `status` when there is something to complain about.
    private static func complain(_ faults: [MetadataError], status: Int32) -> Int32 {
        for fault in faults {
            let line = Array("metadata: \(fault)\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
        }
        return faults.isEmpty ? 0 : status
    }
}
