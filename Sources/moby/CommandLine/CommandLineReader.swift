internal import ArgumentParser
internal import Extents
internal import MobySpec

/// Turns the words of a command line into a command. What the argument parser does not know is done here: spellings of
/// LinuxKit and of the 2017 program, options in front of the verb, and messages about unknown words.
struct CommandLineReader {
    private let tree: CommandTree

    init() throws { tree = try CommandTree.read() }

    /// - Throws: `UsageError`, or what the parser throws, which may be a request for help.
    static func command(_ arguments: [String]) throws -> any ParsableCommand {
        // The words of the parser's own requests: scripts for shells, and what these scripts ask.
        if arguments.first == "help", arguments.count == 2, let topic = HelpTopic(rawValue: arguments[1]) {
            throw CleanExit.message(topic.text)
        }
        let own = ["---", "--generate-completion-script", "--experimental-dump-help"]
        if let first = arguments.first, own.contains(where: first.hasPrefix) { return try Moby.parseAsRoot(arguments) }
        if OldFlags.mayBeOld(arguments) { return try parse(try CommandLineReader().normalize(arguments)) }
        do { return try parse(arguments) } catch  where Moby.exitCode(for: error) != .success {
            // Gives a better explanation, or reads what the parser could not.
            let again = try CommandLineReader().normalize(arguments)
            guard again != arguments else { throw error }
            return try parse(again)
        }
    }

    private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        try Push.check(arguments)
        try Run.check(arguments)
        do { return try Moby.parseAsRoot(arguments) } catch  where Moby.exitCode(for: error) != .success {
            throw UsageError(text(of: error), command: Moby.path(of: arguments))
        }
    }

    /// The parser's message in moby's style.
    private static func text(of error: any Error) -> String {
        let text = Moby.message(for: error)
        guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
        return first.lowercased() + text.dropFirst()
    }

    /// The words as the parser accepts them: options before a command's name move behind it, old spellings become
    /// current ones.
    /// - Throws: `UsageError` for a command or an option that is not known.
    func normalize(_ arguments: [String]) throws -> [String] {
        var rest = arguments[...]
        var leading: [String] = []
        var path: [String] = []
        var command = tree
        while true {
            let options = path.isEmpty ? tree.optionsBelow : command.optionsBelow
            while let first = rest.first, first.hasPrefix("-"), first != "-", first != "--" {
                leading += try take(&rest, options, path)
            }
            guard let word = rest.first, let names = command.subcommands, !names.isEmpty else { break }
            if let next = command.subcommand(word) {
                // `moby run -cpus 2 qemu` starts a build named 'qemu'.
                if command.defaultSubcommand != nil, rest.count == 1, arguments.count > path.count + 1 { break }
                rest.removeFirst()
                path.append(word)
                command = next
                if word == "help" {
                    try checkHelp(rest)
                    return arguments
                }
                continue
            }
            guard let name = command.defaultSubcommand, let implied = command.subcommand(name) else {
                try Push.check(path + rest)
                throw command.unknown(word, below: path)
            }
            try Run.check(path + rest)
            command = implied
            break
        }
        if path.isEmpty {
            let isQuestion = leading.contains { ["--help", "--version"].contains($0) }
            guard rest.isEmpty, !isQuestion, !leading.isEmpty else { return leading + rest }
            let names = (tree.subcommands ?? []).map(\.commandName).joined(separator: ", ")
            throw UsageError("no command given", hint: "the commands are \(names)")
        }
        if let name = command.defaultSubcommand, let implied = command.subcommand(name) { command = implied }
        return try path + options(leading, rest, of: command, path)
    }

    /// The words after a command's name: its options become current ones, arguments stay as they are.
    /// - Parameter leading: options that were in front of the name; they may be those of another command.
    private func options(
        _ leading: [String], _ rest: ArraySlice<String>, of command: CommandTree, _ path: [String]
    ) throws -> [String] {
        var (words, rest) = (leading[...], rest)
        var current: [String] = []
        while !words.isEmpty { current += try take(&words, command.options, path) }
        while let word = rest.first, word != "--" {
            if word.hasPrefix("-"), word != "-" {
                current += try take(&rest, command.options, path)
            } else {
                current.append(rest.removeFirst())
            }
        }
        return OldFlags.joinDisk(current) + rest
    }

    /// `moby help` shows the help of the nearest command that it finds, and calls it success.
    private func checkHelp(_ words: ArraySlice<String>) throws {
        var command = tree
        var path: [String] = []
        for word in words where !word.hasPrefix("-") {
            guard let next = command.subcommand(word) else {
                guard command.subcommands?.isEmpty == false else { return }
                let topics = path.isEmpty ? HelpTopic.allCases.map(\.rawValue) : []
                if let topic = Spelling.closest(to: word, in: topics) {
                    let shown = PlainText.short(word)
                    throw UsageError("unknown command or topic '\(shown)'; did you mean 'help \(topic)'?")
                }
                throw command.unknown(word, below: path)
            }
            command = next
            path.append(word)
        }
    }

    /// Takes an option and its value from the front.
    /// - Returns: both in the parser's form.
    private func take(_ rest: inout ArraySlice<String>, _ options: [CommandTree.Option], _ path: [String]) throws
        -> [String]
    {
        let word = rest.removeFirst()
        let dashes = word.hasPrefix("--") ? 2 : 1
        let parts = word.dropFirst(dashes).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let (given, value) = (parts.first ?? "", parts.count == 2 ? parts[1] : nil)
        if OldFlags.helpWords.contains(word) { return ["--help"] }
        if ["-version", "--version"].contains(word) { return ["--version"] }
        if let level = try OldFlags.level(dashes: dashes, given, value, &rest) { return level }
        let name = OldFlags.renamed(given, dashes: dashes, path)
        if dashes == 1, name.count == 1, let option = options.first(where: { $0.shortNames.contains(name) }) {
            // The parser does not accept `-f=tar`.
            return try Self.words(option, value == nil ? word : option.word, value, &rest)
        }
        if let option = options.first(where: { $0.longNames.contains(name) }) {
            return try Self.words(option, "--" + name, value, &rest)
        }
        // These become one option, or are refused with a hint.
        if ["diskpath", "disksize", "disk-size"].contains(given), path.first == "run" {
            let size = value ?? rest.popFirst() ?? ""
            return ["--\(given)=\(size)"]
        }
        if dashes == 1, value == nil, let cluster = Self.cluster(given, options, &rest) { return cluster }
        throw unknown(word, given, options, path)
    }

    private static func words(
        _ option: CommandTree.Option, _ spelled: String, _ value: String?, _ rest: inout ArraySlice<String>
    ) throws -> [String] {
        guard option.takesValue else {
            switch value?.lowercased() {
            case nil, "true", "t", "1": return [spelled]
            case "false", "f", "0": return []
            default: throw UsageError("\(spelled) is '\(PlainText.short(value ?? ""))', expected true or false")
            }
        }
        if let value { return ["\(spelled)=\(value)"] }
        // What looks like an option is not a value; the parser reports the missing one.
        guard let next = rest.first, next == "-" || !next.hasPrefix("-") || Double(next) != nil else {
            return [spelled]
        }
        rest.removeFirst()
        return [spelled, next]
    }

    /// Short flags in one word, as `-qv`; the last one may take a value. Help does not hide among them.
    private static func cluster(_ letters: String, _ options: [CommandTree.Option], _ rest: inout ArraySlice<String>)
        -> [String]?
    {
        var words: [String] = []
        for (index, letter) in letters.enumerated() {
            let name = String(letter)
            guard name != "h", let option = options.first(where: { $0.shortNames.contains(name) }) else { return nil }
            words.append("-" + name)
            guard option.takesValue else { continue }
            guard index == letters.count - 1, let value = rest.first, value == "-" || !value.hasPrefix("-") else {
                return nil
            }
            rest.removeFirst()
            words.append(value)
        }
        return words.isEmpty ? nil : words
    }

    private func unknown(_ word: String, _ name: String, _ options: [CommandTree.Option], _ path: [String])
        -> UsageError
    {
        // What follows '-p' may be a password.
        let isLogin = path.first == "login" && !word.hasPrefix("--")
        let shown = isLogin ? String(word.prefix(2)) : PlainText.short(word.prefix { $0 != "=" })
        if let hint = OldFlags.hint(name, path) {
            return UsageError("unknown option '\(shown)'", hint: hint, command: path)
        }
        let known = options.filter(\.shouldDisplay).flatMap(\.longNames).filter { $0.count > 1 }
        if let guess = Spelling.closest(to: name, in: known) {
            return UsageError("unknown option '\(shown)'; did you mean '--\(guess)'?", command: path)
        }
        let others = tree.commands(with: name).map { "'moby \($0)'" }
        let list = others.prefix(3).joined(separator: ", ") + (others.count > 3 ? " and others" : "")
        return UsageError(
            "unknown option '\(shown)'", hint: others.isEmpty ? nil : "it is an option of \(list)", command: path)
    }
}
