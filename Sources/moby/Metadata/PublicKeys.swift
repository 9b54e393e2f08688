internal import Extents
internal import FoundationEssentials

/// Public keys of ssh in a file, in the format of `authorized_keys` (sshd(8)): a type and base64, options in front, a
/// comment behind.
enum PublicKeys {
    /// - Returns: the lines with a key.
    /// - Throws: `FileError`, `InputFile.Unfit`, which never quote the file.
    static func read(_ path: String) throws -> [String] {
        let shown = PlainText.short(path)
        let text = String(decoding: try InputFile.bytes(path, limit: 1 << 20), as: UTF8.self)
        if text.contains("PRIVATE KEY") {
            throw InputFile.Unfit(
                description: "'\(shown)' is a private key", hint: "name the public one, '\(shown).pub'")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.trimmingPrefix(while: \.isWhitespace)
        }.enumerated()
            .filter { !$1.isEmpty && !$1.hasPrefix("#") }
        guard !lines.isEmpty else {
            throw InputFile.Unfit(description: "there is no public key in '\(shown)'", hint: hint)
        }
        for (number, line) in lines where !isKey(line) {
            throw InputFile.Unfit(
                description: "line \(number + 1) of '\(shown)' is not a public key of ssh", hint: hint)
        }
        return lines.map { String($1) }
    }

    private static let hint =
        "it is one line, such as 'ssh-ed25519 AAAA… name'; ssh-keygen writes it to a file that ends in .pub"

    /// A word that names a type of key, followed by base64 that begins with the same name (RFC 4253, section 6.6).
    private static func isKey(_ line: Substring) -> Bool {
        let words = line.split(whereSeparator: \.isWhitespace)
        return zip(words, words.dropFirst()).contains { type, blob in
            guard ["ssh-", "ecdsa-", "sk-"].contains(where: { type.hasPrefix($0) }),
                let data = Data(base64Encoded: String(blob))
            else {
                return false
            }
            let length = UInt32(type.utf8.count)
            let begin =
                (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) } + Array(type.utf8)
            return data.count > begin.count && data.prefix(begin.count).elementsEqual(begin)
        }
    }
}
