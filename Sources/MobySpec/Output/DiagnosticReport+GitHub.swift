extension DiagnosticReport {
    /// Workflow commands, a line each, of which a runner of GitHub Actions makes annotations.
    public var github: String { findings.map { Self.command($0) + "\n" }.joined() }

    private static func command(_ finding: Finding) -> String {
        let name = finding.rule == .note ? "notice" : finding.rule.level
        var properties: [(String, String)] = finding.file.map { [("file", $0)] } ?? []
        if let (line, column) = finding.position { properties += [("line", "\(line)"), ("col", "\(column)")] }
        let list = properties.map { "\($0)=\(escaped($1, isProperty: true))" }.joined(separator: ",")
        return "::\(name)\(list.isEmpty ? "" : " " + list)::\(escaped(finding.text, isProperty: false))"
    }

    /// The escapes that the runner undoes (actions/toolkit, `command.ts`).
    private static func escaped(_ text: String, isProperty: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case ":" where isProperty: result += "%3A"
            case "," where isProperty: result += "%2C"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
