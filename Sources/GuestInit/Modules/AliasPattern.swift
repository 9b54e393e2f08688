/// Shell patterns of `modules.alias` (fnmatch(3): `*`, `?`, `[a-f]`, `[!a]`), matched without recursion.
enum AliasPattern {
    /// Whether all of `name` matches.
    static func matches(_ pattern: ArraySlice<UInt8>, _ name: [UInt8]) -> Bool {
        var (at, position) = (pattern.startIndex, 0)
        // Where to go on after a mismatch: behind the last star, one byte further in the name.
        var retry: (at: Int, position: Int)?
        while true {
            if at < pattern.endIndex, pattern[at] == UInt8(ascii: "*") {
                at += 1
                if at == pattern.endIndex { return true }
                retry = (at, position)
            } else if position < name.count, let next = step(pattern, at, name[position]) {
                at = next
                position += 1
            } else if position == name.count && at == pattern.endIndex {
                return true
            } else if let again = retry, again.position < name.count {
                (at, position) = (again.at, again.position + 1)
                retry = (at, position)
            } else {
                return false
            }
        }
    }

    /// The place after the element at `at` when it matches `byte`.
    private static func step(_ pattern: ArraySlice<UInt8>, _ at: Int, _ byte: UInt8) -> Int? {
        guard at < pattern.endIndex else { return nil }
        switch pattern[at] {
        case UInt8(ascii: "?"): return at + 1
        case UInt8(ascii: "["): return set(pattern, at, byte)
        case UInt8(ascii: "\\") where at + 1 < pattern.endIndex: return pattern[at + 1] == byte ? at + 2 : nil
        default: return pattern[at] == byte ? at + 1 : nil
        }
    }

    private static func set(_ pattern: ArraySlice<UInt8>, _ start: Int, _ byte: UInt8) -> Int? {
        var at = start + 1
        let isNegated = at < pattern.endIndex && (pattern[at] == UInt8(ascii: "!") || pattern[at] == UInt8(ascii: "^"))
        if isNegated { at += 1 }
        let first = at
        var isMember = false
        while at < pattern.endIndex, pattern[at] != UInt8(ascii: "]") || at == first {
            if at + 2 < pattern.endIndex, pattern[at + 1] == UInt8(ascii: "-"), pattern[at + 2] != UInt8(ascii: "]") {
                isMember = isMember || (pattern[at]...max(pattern[at], pattern[at + 2])).contains(byte)
                at += 3
            } else {
                isMember = isMember || pattern[at] == byte
                at += 1
            }
        }
        // A bracket that is never closed stands for itself.
        guard at < pattern.endIndex else { return pattern[start] == byte ? start + 1 : nil }
        return isMember != isNegated ? at + 1 : nil
    }

    /// Dashes as underscores, except in brackets: the kernel's and depmod's spellings differ.
    static func normalized(_ text: some Sequence<UInt8>) -> [UInt8] {
        var isInSet = false
        return text.map { byte in
            if byte == UInt8(ascii: "[") { isInSet = true }
            if byte == UInt8(ascii: "]") { isInSet = false }
            return byte == UInt8(ascii: "-") && !isInSet ? UInt8(ascii: "_") : byte
        }
    }
}
