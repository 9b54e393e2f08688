/// What modprobe.d(5) and modules-load.d(5) files ask for.
struct ModuleSettings: Equatable {
    var blacklist: Set<String> = []
    /// Module name to its parameters.
    var options: [String: String] = [:]
    /// Modules to load whether or not a device asks for them.
    var wanted: [String] = []

    /// Takes one `/etc/modprobe.d/*.conf`; commands other than `blacklist` and `options` are passed over.
    mutating func readConfiguration(_ text: [UInt8]) {
        Lines.each(in: text) { line in
            let words = Lines.words(line)
            guard words.count > 1 else { return }
            let module = ModuleIndex.name(of: words[1])
            switch Lines.string(words[0]) {
            case "blacklist": blacklist.insert(module)
            case "options":
                let added = words.dropFirst(2).map(Lines.string).joined(separator: " ")
                options[module] = options[module].map { $0 + " " + added } ?? added
            default: break
            }
        }
    }

    /// Takes one `/etc/modules-load.d/*.conf`: a name a line.
    mutating func readList(_ text: [UInt8]) {
        Lines.each(in: text) { line in
            guard let word = Lines.words(line).first, word.first != UInt8(ascii: ";") else { return }
            wanted.append(ModuleIndex.name(of: word))
        }
    }

    /// Takes `module.parameter=value` words of the kernel command line, and `modprobe.blacklist=`.
    mutating func readCommandLine(_ text: String) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let equals = word.firstIndex(of: "="), let dot = word[..<equals].firstIndex(of: ".") else { continue }
            let (module, parameter) = (ModuleIndex.name(of: String(word[..<dot])), word[word.index(after: dot)...])
            if module == "modprobe" && parameter.hasPrefix("blacklist=") {
                blacklist.formUnion(
                    word[word.index(after: equals)...].split(separator: ",").map { ModuleIndex.name(of: String($0)) })
            } else {
                options[module] = options[module].map { $0 + " " + parameter } ?? String(parameter)
            }
        }
    }
}
