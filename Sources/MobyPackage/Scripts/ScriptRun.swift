internal import Glibc

/// Follows a maintainer script as dpkg runs it at a first installation (Debian Policy, chapter 6), and hands on each
/// command that it comes to. Conditions are true, false or unknown (nil): both ways of an unknown one are followed.
struct ScriptRun {
    /// A word whose text only a real run would show is nil.
    typealias Field = String?

    /// Runs a command; nil when its exit status is unknown.
    private let run: ([Field]) -> Bool?
    /// Whether a path exists in the image.
    private let exists: (String) -> Bool
    private var variables: [String: Field] = ["DPKG_ROOT": "", "DPKG_MAINTSCRIPT_PACKAGE": "package"]
    private var functions: [String: ShellCommand] = [:]
    private var arguments: [Field]
    /// How many unknown conditions led here, and how many functions.
    private var doubts = 0
    private var depth = 0
    /// The end of the script, or of the function, was reached.
    private var hasExited = false
    private var hasReturned = false
    private var isOver: Bool { hasExited || hasReturned }
    private var steps = 0

    init(arguments: [String], exists: @escaping (String) -> Bool, run: @escaping ([Field]) -> Bool?) {
        self.arguments = arguments
        self.exists = exists
        self.run = run
    }

    mutating func follow(_ script: String) { _ = status(ShellParser.parse(script)) }

    private mutating func status(_ command: ShellCommand) -> Bool? {
        steps += 1
        guard !isOver, steps < 20_000 else { return true }
        switch command {
        case .simple(let words):
            let rest = words.drop { assign($0) }
            return rest.isEmpty ? true : simple(rest.flatMap { expand($0) })
        case .sequence(let commands): return commands.reduce(true) { isOver ? $0 : status($1) }
        case .pipeline(let commands):
            _ = commands.dropLast().map { status($0) }
            return commands.last.flatMap { status($0) }
        case .not(let command): return status(command).map { !$0 }
        case .and(let first, let second): return both(first, second, continuesAfter: true)
        case .or(let first, let second): return both(first, second, continuesAfter: false)
        case .condition(let test, let then, let otherwise):
            switch status(test) {
            case true?: return status(then)
            case false?: return status(otherwise)
            case nil:
                doubts += 1
                defer { doubts -= 1 }
                _ = status(then)
                return status(otherwise)
            }
        case .choice(let subject, let branches): return choose(subject, branches)
        case .loop(let variable, let words, let body): return loop(variable, words, body)
        case .function(let name, let body):
            functions[name] = body
            return true
        }
    }

    private mutating func both(_ first: ShellCommand, _ second: ShellCommand, continuesAfter wanted: Bool) -> Bool? {
        let result = status(first)
        guard let result else {
            doubts += 1
            defer { doubts -= 1 }
            return status(second) == wanted ? (wanted ? nil : false) : nil
        }
        return result == wanted ? status(second) : result
    }

    private mutating func choose(_ subject: ShellWord, _ branches: [(patterns: [ShellWord], body: ShellCommand)])
        -> Bool?
    {
        guard let text = expand(subject).first ?? "" else {
            doubts += 1
            defer { doubts -= 1 }
            for branch in branches { _ = status(branch.body) }
            return nil
        }
        let match = branches.first { branch in
            branch.patterns.contains { pattern in
                expand(pattern).contains { $0.map { fnmatch($0, text, 0) == 0 } ?? false }
            }
        }
        return match.map { status($0.body) } ?? true
    }

    private mutating func loop(_ variable: String?, _ words: [ShellWord], _ body: ShellCommand) -> Bool? {
        guard let variable else {
            doubts += 1
            defer { doubts -= 1 }
            return status(body)
        }
        for field in words.flatMap({ expand($0) }).prefix(100) {
            variables[variable] = .some(field)
            _ = status(body)
        }
        return true
    }

    /// The fields of a word: unquoted variables are split at blanks.
    private func expand(_ word: ShellWord) -> [Field] {
        var fields: [Field] = []
        var current: Field?
        func append(_ text: Field) {
            guard let before = current else { current = .some(text); return }
            current = .some(before.flatMap { before in text.map { before + $0 } })
        }
        for piece in word.pieces {
            switch piece {
            case .text(let text, _): append(text)
            case .unknown: append(nil)
            case .variable("@", _, _), .variable("*", _, _):
                for (index, argument) in arguments.enumerated() {
                    if index > 0, let finished = current { fields.append(finished); current = nil }
                    append(argument)
                }
            case .variable(let name, let fallback, let isQuoted):
                guard let value = value(of: name, fallback) else { append(nil); continue }
                if isQuoted { append(value); continue }
                for (index, part) in value.split(separator: " ").enumerated() {
                    if index > 0, let finished = current { fields.append(finished); current = nil }
                    append(String(part))
                }
            }
        }
        if let current { fields.append(current) }
        return fields
    }

    private func value(of name: String, _ fallback: String?) -> Field {
        if let position = Int(name), position > 0 {
            return position <= arguments.count ? arguments[position - 1] : fallback ?? ""
        }
        if name == "#" { return "\(arguments.count)" }
        guard let value = variables[name] else {
            // A variable that the script never sets is empty; one that `read` or debconf sets is unknown.
            return ["RET", "?", "$", "!", "0"].contains(name) ? .none : fallback ?? ""
        }
        return value.map { $0.isEmpty ? fallback ?? "" : $0 }
    }

    private mutating func simple(_ fields: [Field]) -> Bool? {
        guard let first = fields.first else { return true }
        guard let name = first else { return run(Array(fields)) }
        let rest = Array(fields.dropFirst())
        switch name {
        case "exit", "return":
            // Only what happens for certain ends a script.
            if doubts == 0 { if name == "exit" { hasExited = true } else { hasReturned = true } }
            return (rest.first ?? "0").map { $0 == "0" }
        case "local", "export", "readonly":
            for case let field? in rest { _ = assign(ShellWord(pieces: [.text(field, isQuoted: false)])) }
            return true
        case "[", "test": return ShellTest(exists: exists).value(rest.last == "]" ? rest.dropLast() : rest[...])
        case "true", ":", "set", "echo", "printf", ".", "trap", "umask", "cd": return true
        case "false": return false
        case "shift":
            arguments = Array(arguments.dropFirst(rest.first.flatMap { $0 }.flatMap { Int($0) } ?? 1))
            return true
        case "read":
            for case let variable? in rest { variables[variable] = .some(nil) }
            return nil
        case "command" where rest.first != "-v", "exec", "eval": return simple(rest)
        default: return functions[name].map { call($0, rest) } ?? run(Array(fields))
        }
    }

    private mutating func call(_ body: ShellCommand, _ values: [Field]) -> Bool? {
        guard depth < 16 else { return nil }
        let (outer, outerDoubts) = (arguments, doubts)
        depth += 1
        arguments = values
        let result = status(body)
        depth -= 1
        (arguments, doubts, hasReturned) = (outer, outerDoubts, false)
        return result
    }

    /// Whether a word is an assignment, which is then made.
    private mutating func assign(_ word: ShellWord) -> Bool {
        guard case .text(let text, isQuoted: false)? = word.pieces.first, let equals = text.firstIndex(of: "=") else {
            return false
        }
        let name = text[..<equals]
        guard let first = name.first, !first.isNumber, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else {
            return false
        }
        let rest = ShellWord(
            pieces: [.text(String(text[text.index(after: equals)...]), isQuoted: true)] + word.pieces.dropFirst())
        let fields = expand(rest)
        let isKnown = !fields.contains { $0 == nil }
        variables[String(name)] = .some(isKnown ? fields.compactMap { $0 }.joined(separator: " ") : nil)
        return true
    }
}

/// The arguments of test(1).
struct ShellTest {
    let exists: (String) -> Bool

    func value(_ fields: ArraySlice<String?>) -> Bool? {
        if let split = fields.lastIndex(of: "-o") {
            let (a, b) = (value(fields[..<split]), value(fields[(split + 1)...]))
            return a == true || b == true ? true : a == false && b == false ? false : nil
        }
        if let split = fields.lastIndex(of: "-a") {
            let (a, b) = (value(fields[..<split]), value(fields[(split + 1)...]))
            return a == false || b == false ? false : a == true && b == true ? true : nil
        }
        if fields.first == "!" { return value(fields.dropFirst()).map { !$0 } }
        let words = Array(fields)
        switch words.count {
        case 1: return words[0].map { !$0.isEmpty }
        case 2: return words[0].flatMap { sign in words[1].flatMap { unary(sign, $0) } }
        case 3:
            guard let left = words[0], let sign = words[1], let right = words[2] else { return nil }
            switch sign {
            case "=", "==": return left == right
            case "!=": return left != right
            default: return nil
            }
        default: return words.isEmpty ? false : nil
        }
    }

    private func unary(_ sign: String, _ word: String) -> Bool? {
        switch sign {
        case "-z": word.isEmpty
        case "-n": !word.isEmpty
        case "-e", "-f", "-d", "-r", "-x", "-L", "-h", "-s": exists(word)
        default: nil
        }
    }
}
