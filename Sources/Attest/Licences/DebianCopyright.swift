/// `/usr/share/doc/PACKAGE/copyright` of Debian: the machine-readable format 1.0 (DEP 5), else a text that names the
/// licences of `/usr/share/common-licenses`.
public enum DebianCopyright {
    private static let scope = "Debian"

    /// The licence of all files together; nil when the text does not say.
    public static func licence(_ text: String) -> LicenceExpression? {
        let file = ControlFile(text)
        guard let format = file.paragraphs.first?["Format"] ?? file.paragraphs.first?["Format-Specification"],
            format.lowercased().contains("copyright-format") || format.lowercased().contains("dep5")
                || format.lowercased().contains("dep-5")
        else { return LicenceExpression(all: common(text)) }
        var texts: [String: String] = [:]
        for paragraph in file.paragraphs {
            guard let (name, text) = paragraph["License"].map(parts), let text else { continue }
            if texts[name.lowercased()] == nil { texts[name.lowercased()] = text }
        }
        let names = file.paragraphs.filter { $0["Files"] != nil }.compactMap { $0["License"].map(parts)?.name }
        var seen: Set<String> = []
        return LicenceExpression(
            all: names.filter { !$0.isEmpty && seen.insert($0).inserted }.map { name in
                var reader = LicenceReader(words: LicenceReader.words(name), scope: scope, texts: texts)
                return reader.expression() ?? LicenceExpression(unknown: name, scope: scope)
            })
    }

    /// The short name on the first line, and the text on those after it, in which a lone dot is an empty line.
    private static func parts(_ value: String) -> (name: String, text: String?) {
        let lines = value.split(separator: "\n", omittingEmptySubsequences: false)
        let name = String(lines.first?.trimmed ?? "")
        guard lines.count > 1 else { return (name, nil) }
        let text = lines.dropFirst().map { $0.trimmed == "." ? "" : String($0.dropFirst()) }.joined(separator: "\n")
        return (name, text)
    }

    /// The licences that a text for people refers to, by their files.
    private static func common(_ text: String) -> [LicenceExpression] {
        let folder = "/usr/share/common-licenses/"
        var names: [String] = []
        var rest = text[...]
        while let range = rest.firstRange(of: folder) {
            rest = rest[range.upperBound...]
            var name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") })
            while name.hasSuffix(".") || name.hasSuffix("-") { name.removeLast() }
            if !name.isEmpty { names.append(name) }
        }
        // Licences of the GNU project have one file for a version alone and for all later ones.
        let isLater = text.contains("later version")
        return names.compactMap { name in
            let id = (isLater ? LicenceNames.spdx(name + "+") : nil) ?? LicenceNames.spdx(name)
            return id.map { LicenceExpression(text: $0, references: []) }
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
