internal import Extents

/// A value and where it was written.
public struct Located<Value: Sendable>: Sendable {
    public var value: Value
    public var location: SourceLocation

    public init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

/// A position in a text file. Lines and columns count from 1.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// For terminals and logs: one line, which is no command to a CI runner, whatever the file is called.
    public var description: String {
        "\(file.hasPrefix("::") ? "./" : "")\(PlainText.lines(file).replacing("\n", with: "\\n")):\(line):\(column)"
    }
}
