/// All faults found in one run; exit code 2.
public struct SpecError: Error, Sendable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    /// The faults as ``DiagnosticRenderer`` prints them without the texts at hand.
    public var description: String { DiagnosticRenderer().render(diagnostics) }
}
