internal import Glibc
internal import GuestSystem

/// The program of `pkg/cloud-init`: carries out the user data in `/run/config/userdata`, where `pkg/metadata` has
/// written them.
public enum CloudInitProgram {
    /// - Parameter arguments: the name of the program, and perhaps a file with user data.
    /// - Returns: the exit status: 0 on success or without user data for this program; 1 if something failed or is not
    ///   supported; 64 for unknown arguments.
    public static func run(_ arguments: [String], config: String = "/run/config", root: String = "/proc/1/root")
        -> Int32
    {
        let log = ProgramLog(name: "cloud-init")
        guard arguments.count <= 2 else {
            return log.report([MetadataError("expected at most one file with user data")], status: 64)
        }
        let path = arguments.count > 1 ? arguments[1] : "\(config)/userdata"
        let parts: [UserDataPart]
        do throws(MetadataError) {
            guard let userData = try read(path) else {
                guard arguments.count < 2 else { throw MetadataError("opening", path, number: ENOENT) }
                log.report("no user data")
                return 0
            }
            parts = try UserDataPart.list(userData)
        } catch {
            return log.report([error], status: 1)
        }
        if parts.allSatisfy({ $0 == .other }) {
            log.report("the user data are neither a '#cloud-config' nor a script; nothing to do")
            return 0
        }
        if mkdir(config, 0o755) != 0, errno != EEXIST {
            return log.report([MetadataError("creating", config)], status: 1)
        }
        var runner = CloudRunner(root: root, config: config)
        follow(parts, with: &runner)
        log.report(runner.done.isEmpty ? "nothing to do" : runner.done.joined(separator: ", "))
        return log.report(runner.errors, status: 1)
    }

    /// Scripts run after all configurations.
    private static func follow(_ parts: [UserDataPart], with runner: inout CloudRunner) {
        for part in parts {
            switch part {
            case .config(let bytes):
                do throws(MetadataError) {
                    runner.follow(try CloudConfig(bytes))
                } catch {
                    runner.add(error: error)
                }
            case .unsupported(let reason): runner.add(error: MetadataError(reason))
            case .script, .other: break
            }
        }
        for case .script(let bytes) in parts { runner.run(script: bytes, "script") }
    }

    private static func read(_ path: String) throws(MetadataError) -> [UInt8]? {
        do throws(SystemError) {
            return try Files.read(path, limit: Finding.longest)
        } catch {
            throw MetadataError(error)
        }
    }
}
