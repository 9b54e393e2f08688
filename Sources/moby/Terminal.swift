internal import Extents
internal import FoundationEssentials
internal import Glibc

/// Data goes to standard output, everything else to standard error.
enum Terminal {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Path of this program.
    static var executable: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : CommandLine.arguments[0]
    }

    /// Messages, which may quote foreign text: nothing in them drives the terminal.
    static func error(_ text: String) {
        write(PlainText.lines(text.hasSuffix("\n") ? text : text + "\n"), to: STDERR_FILENO)
    }

    /// Text as it is, at once.
    static func output(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func write(_ text: String, to file: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody listens.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// `12.3 MB`, in powers of ten as disks and networks are sold.
    static func size(_ bytes: UInt64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(Self.decimals(value, value < 10 ? 2 : 1)) \(units[unit])"
    }

    static func seconds(_ duration: Duration) -> String { decimals(duration / .seconds(1), 2) + " s" }

    static func decimals(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { factor, _ in factor * 10 }
        let whole = UInt64((value * scale).rounded())
        let fraction = String(whole % UInt64(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(whole / UInt64(scale)).\(zeros)\(fraction)"
    }
}
