/// Makes a text for readers of what a machine and `moby` say: without the kernel's lines, services in the order of
/// their names.
enum CloudConsole {
    /// - Returns: whole lines.
    static func shown(_ text: String) -> String {
        var lines: [String] = []
        let plain = text.replacing(/\u{1B}\[[0-9;?=]*[A-Za-z]/, with: "").replacing("\r\n", with: "\n")
        for line in plain.split(separator: "\n", omittingEmptySubsequences: false).map({ $0.filter { $0 != "\r" } }) {
            if let found = line.firstMatch(of: /\[ *0\.0+\] (Linux version [^ ]+)/) {
                lines.append(String(found.1))
            } else if isOfKernel(line) {
                if lines.last != "…" { lines.append("…") }
            } else if !line.isEmpty {
                lines.append(line)
            }
        }
        return sorted(lines).map { $0 + "\n" }.joined()
    }

    /// What is the same in every run: the commands and what each says, without sizes and in the order of the alphabet,
    /// since standard output and standard error overtake each other. The serial port's lines are not: services start
    /// side by side, and the kernel writes in between, even within a line.
    static func normal(_ text: String) -> String {
        let said = /^(\$ |moby: |gs:|projects\/|HTTP\/|ID STATUS|[a-z]+ running$|gcp[-.]|[0-9]+ segments)/
        var sorted: [Substring] = []
        var answer: [Substring] = []
        let lines: [Substring] = text.split(separator: "\n") + ["$ "]
        for line in lines where line.firstMatch(of: said) != nil {
            if line.hasPrefix("$ ") {
                sorted += answer.sorted() + [line]
                answer = []
            } else {
                answer.append(line)
            }
        }
        return sorted.joined(separator: "\n").replacing(/[0-9.]+ (B|kB|MB|bytes|MiB)/, with: "N")
            .replacing(/\([0-9]+ cached\)/, with: "(N cached)")
    }

    /// Lines of kernel, firmware and loader, and what services say at length.
    private static func isOfKernel(_ line: String) -> Bool {
        // A line of `init` has its time too; `moby:   NAME: …` is what a service says.
        if line.hasPrefix("["), line.firstMatch(of: /\] moby: [^ ]/) == nil { return true }
        return [
            "SeaBIOS", "Booting", "Loading", "Probing", "BdsDxe", "iPXE", "ISOLINUX", "SYSLINUX", "ok", "k", "EFI stub",
            "ll header",
        ]
        .contains { line.hasPrefix($0) }
    }

    /// Services start and end side by side.
    private static func sorted(_ lines: [String]) -> [String] {
        var (sorted, group): ([String], [String]) = ([], [])
        for line in lines + [""] {
            if line.contains("moby: service ") {
                group.append(line)
            } else {
                let names = group.map { $0.replacing(/^\[ *[0-9.]+\]/, with: "") }.sorted()
                sorted += zip(group, names).map { $0.prefix { $0 != "]" } + "]" + $1 }
                sorted.append(line)
                group = []
            }
        }
        return sorted.dropLast()
    }
}
