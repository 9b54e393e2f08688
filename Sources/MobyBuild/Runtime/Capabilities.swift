internal import MobySpec

/// The capability sets of a process (capabilities(7)).
enum Capabilities {
    /// The words of a list as capability names: a single `all` is every one, a single `none` no one.
    /// - Throws: `Diagnostic` for a name the kernel does not have.
    static func expand(_ words: [Choice<String>], at place: (Origin) -> SourceLocation) throws(Diagnostic) -> [Choice<
        String
    >] {
        if words.count == 1, let word = words.first {
            if word.value.lowercased() == "all" {
                return CapabilityName.all.map { Choice(value: $0, origin: word.origin) }
            }
            if word.value.lowercased() == "none" { return [] }
        }
        for word in words {
            if let fault = CapabilityName.check(word.value) {
                throw fault.diagnostic("capability", at: place(word.origin))
            }
        }
        return words
    }

    /// The five sets of `process.capabilities`: effective as asked for, ambient as asked for, the others the sorted
    /// union.
    static func sets(_ capabilities: [Choice<String>], ambient: [Choice<String>]) -> Traced? {
        var union: [String: Origin] = [:]
        for word in ambient + capabilities { union[word.value] = word.origin }
        let all = union.sorted { $0.key < $1.key }.map { Choice(value: $0.key, origin: $0.value) }
        return .object(present: [
            ("bounding", list(all)), ("effective", list(capabilities)), ("inheritable", list(all)),
            ("permitted", list(all)),
            ("ambient", list(ambient)),
        ])
    }

    private static func list(_ words: [Choice<String>]) -> Traced? {
        words.isEmpty ? nil : .array(words.map { .value(.string($0.value), $0.origin) })
    }
}
