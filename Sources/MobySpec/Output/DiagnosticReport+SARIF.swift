internal import Extents
public import JSON

extension DiagnosticReport {
    /// A log of the Static Analysis Results Interchange Format, 2.1.0 (OASIS).
    /// - Parameters:
    ///   - version: of this program.
    ///   - file: where findings are shown that concern no single file: GitHub refuses results without a location.
    public func sarif(version: String, file: String) -> JSONValue {
        let rules = Finding.Rule.allCases.map { rule in
            JSONValue.object([
                ("id", .string(rule.rawValue)), ("shortDescription", .object([("text", .string(rule.summary))])),
                ("defaultConfiguration", .object([("level", .string(rule.level))])),
            ])
        }
        let driver = JSONValue.object([
            ("name", .string("moby")), ("version", .string(version)), ("rules", .array(rules)),
        ])
        return .object([
            ("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")), ("version", .string("2.1.0")),
            (
                "runs",
                .array([
                    .object([
                        ("tool", .object([("driver", driver)])), ("columnKind", .string("unicodeCodePoints")),
                        ("results", .array(findings.map { Self.result($0, in: file) })),
                    ])
                ])
            ),
        ])
    }

    private static func result(_ finding: Finding, in file: String) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("ruleId", .string(finding.rule.rawValue)),
            ("ruleIndex", .integer(Int64(Finding.Rule.allCases.firstIndex(of: finding.rule) ?? 0))),
            ("level", .string(finding.rule.level)), ("message", .object([("text", .string(finding.text))])),
        ]
        var place: [(key: String, value: JSONValue)] = [
            ("artifactLocation", .object([("uri", .string(uri(finding.file ?? file)))]))
        ]
        if let (line, column) = finding.position {
            let region: [(key: String, value: JSONValue)] = [
                ("startLine", .integer(Int64(line))), ("startColumn", .integer(Int64(column))),
            ]
            place.append(("region", .object(region)))
        }
        members.append(("locations", .array([.object([("physicalLocation", .object(place))])])))
        return .object(members)
    }

    /// A file as a URI reference (RFC 3986): relative ones stay relative.
    private static func uri(_ file: String) -> String {
        if file.hasPrefix("http://") || file.hasPrefix("https://") { return file }
        let plain = Set("-._~/".utf8)
        let path = file.utf8.map { byte in
            if byte.isASCIILetter || byte.isASCIIDigit || plain.contains(byte) {
                return String(UnicodeScalar(byte))
            }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
        return file.hasPrefix("/") ? "file://" + path : path
    }
}
