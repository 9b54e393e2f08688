internal import Glibc

/// A processor architecture that QEMU machines exist for, by QEMU's name.
public enum Architecture: String, CaseIterable, Sendable {
    case x86 = "x86_64"
    case arm = "aarch64"
    case s390x
    case riscv = "riscv64"

    /// Takes QEMU's names and Go's (`amd64`, `arm64`).
    /// - Throws: ``RunError`` for any other.
    public init(parsing text: String) throws {
        switch text {
        case "amd64": self = .x86
        case "arm64": self = .arm
        default:
            guard let known = Architecture(rawValue: text) else {
                let names = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
                throw RunError("unknown architecture '\(text)'", hint: "one of \(names), amd64, arm64")
            }
            self = known
        }
    }

    /// The architecture that this program runs on.
    public static var host: Architecture {
        #if arch(arm64)
            .arm
        #elseif arch(s390x)
            .s390x
        #elseif arch(riscv64)
            .riscv
        #else
            .x86
        #endif
    }
}
