public import JSON

/// What was found in files, for programs: as JSON, as annotations of GitHub, as SARIF.
public struct DiagnosticReport: Sendable {
    /// One finding.
    public struct Finding: Sendable, Equatable {
        /// What kind of finding it is; part of the formats, so that a name never changes.
        public enum Rule: String, Sendable, CaseIterable {
            /// The text of a file is wrong.
            case error = "spec-error"
            /// The text is valid, but probably a mistake.
            case warning = "spec-warning"
            /// A file or image cannot be read; the text that names it may be right.
            case unavailable
            /// Something to know.
            case note

            var summary: String {
                switch self {
                case .error: "The file is wrong, and cannot be built."
                case .warning: "The file can be built, but something in it is probably a mistake."
                case .unavailable: "A file or an image cannot be read."
                case .note: "Something to know about the result."
                }
            }

            /// `error`, `warning` or `note`, as SARIF 2.1.0 names levels (section 3.27.10).
            var level: String {
                switch self {
                case .error, .unavailable: "error"
                case .warning: "warning"
                case .note: "note"
                }
            }
        }

        public var rule: Rule
        /// The file as it was named; nil for what concerns no single file.
        public var file: String?
        /// Line and column, from 1; nil for what concerns a whole file. Columns count Unicode scalars.
        public var position: (line: Int, column: Int)?
        public var message: String
        public var hint: String?

        public init(_ rule: Rule, file: String? = nil, _ message: String, hint: String? = nil) {
            (self.rule, self.file, self.message, self.hint) = (rule, file, message, hint)
        }

        /// - Parameter isUnavailable: whether an error is one of the world, and not of the text.
        public init(_ diagnostic: Diagnostic, isUnavailable: Bool = false) {
            let rule: Rule = diagnostic.severity == .warning ? .warning : isUnavailable ? .unavailable : .error
            self.init(rule, file: diagnostic.location?.file, diagnostic.message, hint: diagnostic.hint)
            position = diagnostic.location.map { ($0.line, $0.column) }
        }

        public static func == (a: Finding, b: Finding) -> Bool {
            (a.rule, a.file, a.position?.line, a.position?.column, a.message, a.hint)
                == (b.rule, b.file, b.position?.line, b.position?.column, b.message, b.hint)
        }

        /// Message and hint, on two lines.
        var text: String { message + (hint.map { "\nhint: \($0)" } ?? "") }
    }

    public let findings: [Finding]

    public init(_ findings: [Finding]) { self.findings = findings }

    /// The findings as the member `diagnostics` of an object.
    public var json: JSONValue {
        .object([
            (
                "diagnostics",
                .array(
                    findings.map { finding in
                        let file: [(key: String, value: JSONValue)] = finding.file.map { [("file", .string($0))] } ?? []
                        let position: [(key: String, value: JSONValue)] =
                            finding.position.map {
                                [("line", .integer(Int64($0.line))), ("column", .integer(Int64($0.column)))]
                            } ?? []
                        let hint: [(key: String, value: JSONValue)] = finding.hint.map { [("hint", .string($0))] } ?? []
                        return .object(
                            [("rule", .string(finding.rule.rawValue)), ("severity", .string(finding.rule.level))] + file
                                + position + [("message", .string(finding.message))] + hint)
                    })
            )
        ])
    }
}
