/// A text of Debian's control syntax (deb822(5)): paragraphs of fields, parted by empty lines.
public struct ControlFile: Sendable {
    /// One paragraph. Names of fields do not depend on the case of their letters.
    public struct Paragraph: Sendable {
        /// The fields, in order. Lines after the first keep their white space.
        public fileprivate(set) var fields: [(name: String, value: String)] = []

        public subscript(name: String) -> String? {
            let key = name.lowercased()
            return fields.first { $0.name.lowercased() == key }?.value
        }

        /// Fields that are on one line each, of several names.
        public func lines(of names: [String]) -> String {
            names.compactMap { name in self[name].map { "\(name): \($0)\n" } }.joined()
        }
    }

    public private(set) var paragraphs: [Paragraph] = []

    /// Reads any text: lines that are not of a field are skipped.
    public init(_ text: String) {
        var paragraph = Paragraph()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                if !paragraph.fields.isEmpty { paragraphs.append(paragraph) }
                paragraph = Paragraph()
            } else if line.first == " " || line.first == "\t" {
                guard !paragraph.fields.isEmpty else { continue }
                paragraph.fields[paragraph.fields.count - 1].value += "\n" + line
            } else if line.first != "#", let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
                paragraph.fields.append((String(line[..<colon]), String(value)))
            }
        }
        if !paragraph.fields.isEmpty { paragraphs.append(paragraph) }
    }
}
