internal import Extents
internal import Glibc
public import JSON

/// One thing that this host has or lacks, as `moby doctor` reports it.
public struct HostCheck: Sendable, Equatable {
    public enum State: String, Sendable {
        case ok
        /// It works, or only something that few need does not.
        case warning = "warn"
        case missing
    }

    /// A few words, e.g. `store`.
    public let subject: String
    public let state: State
    /// What was found.
    public let detail: String
    /// What to do about it.
    public let hint: String?
    /// Whether `moby build` needs it.
    public let isRequired: Bool

    public init(
        _ subject: String, _ state: State, _ detail: String, hint: String? = nil, isRequired: Bool = false
    ) {
        self.subject = subject
        self.state = state
        self.detail = detail
        self.hint = hint
        self.isRequired = isRequired
    }

    /// A check that failed, with an error's message and hint.
    public init(_ subject: String, _ state: State, _ error: any Error, hint: String? = nil, isRequired: Bool = false) {
        self.init(
            subject, state, "\(error)", hint: (error as? any HintedError)?.hint ?? hint, isRequired: isRequired)
    }

    /// Whether it keeps `moby build` from working.
    public var isFatal: Bool { isRequired && state == .missing }

    public var json: JSONValue {
        .object([
            ("subject", .string(subject)), ("state", .string(state.rawValue)), ("detail", .string(detail)),
            ("hint", hint.map { .string($0) } ?? .null), ("required", .bool(isRequired)),
        ])
    }
}

extension HostCheck {
    /// Whether files can be written to a folder, and how many bytes are free. A folder that does not exist is created by
    /// the first build, so that the nearest existing one above it counts.
    /// - Parameter needed: bytes that a first build may take; less is a warning, and a tenth of it is too little.
    public static func folder(_ subject: String, _ path: String, needed: UInt64, hint: String) -> HostCheck {
        do { return try space(subject, path, needed, hint) } catch {
            return HostCheck(subject, .missing, error, hint: hint, isRequired: true)
        }
    }

    private static func space(_ subject: String, _ path: String, _ needed: UInt64, _ hint: String) throws -> HostCheck {
        var existing = path
        while !existing.isEmpty, try !HostFiles.isTaken(existing) {
            existing = String(existing[..<(existing.lastIndex(of: "/") ?? existing.startIndex)])
        }
        if existing.isEmpty { existing = "/" }
        let shown = PlainText.short(path)
        guard try HostFiles.isFolder(existing) else {
            return HostCheck(
                subject, .missing, "'\(PlainText.short(existing))' is not a folder", hint: hint, isRequired: true)
        }
        guard access(existing, W_OK | X_OK) == 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            return HostCheck(
                subject, .missing, "'\(PlainText.short(existing))' cannot be written: \(reason)", hint: hint,
                isRequired: true)
        }
        guard let free = FreeSpace.bytes(in: existing) else { return HostCheck(subject, .ok, shown, isRequired: true) }
        let detail = "\(shown), \(SizeText.decimal(free)) free"
        guard free < needed else { return HostCheck(subject, .ok, detail, isRequired: true) }
        return HostCheck(
            subject, free < needed / 10 ? .missing : .warning, detail,
            hint: "\(SizeText.decimal(needed)) are recommended; \(hint)", isRequired: true)
    }

    /// Whether the clock may be right: a wrong one makes certificates and package lists invalid.
    /// - Parameter program: the path of this program, which was built in the past.
    public static func clock(program: String) -> HostCheck {
        var (info, now) = (stat(), time(nil))
        var parts = tm()
        gmtime_r(&now, &parts)
        func digits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let shown =
            "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday)) "
            + "\(digits(parts.tm_hour)):\(digits(parts.tm_min)) UTC"
        guard stat(program, &info) == 0, info.st_mtim.tv_sec > now + 86400 else {
            return HostCheck("clock", .ok, shown)
        }
        return HostCheck(
            "clock", .warning, "\(shown), which is before this program was built", hint: "set the clock")
    }
}
