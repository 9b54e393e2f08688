/// A command of a shell script (POSIX.1, Shell Command Language, section 2.9).
indirect enum ShellCommand {
    case simple([ShellWord])
    case sequence([ShellCommand])
    case and(ShellCommand, ShellCommand)
    case or(ShellCommand, ShellCommand)
    case not(ShellCommand)
    case pipeline([ShellCommand])
    case condition(ShellCommand, then: ShellCommand, otherwise: ShellCommand)
    case choice(ShellWord, [(patterns: [ShellWord], body: ShellCommand)])
    /// `for`, with the name of its variable, or `while` and `until` without one.
    case loop(variable: String?, [ShellWord], ShellCommand)
    case function(String, ShellCommand)
}

/// Parses what dpkg's maintainer scripts use of the shell. What it does not understand it reads as simple commands.
struct ShellParser {
    private static let ends: Set<String> = ["then", "fi", "else", "elif", "do", "done", "esac", "}"]

    private let tokens: [ShellToken]
    private var at = 0
    /// Limits recursion.
    private var depth = 0

    static func parse(_ script: String) -> ShellCommand {
        var parser = ShellParser(tokens: ShellLexer.tokens(of: script))
        var all: [ShellCommand] = []
        while parser.at < parser.tokens.count {
            all.append(parser.list())
            // An end without its beginning.
            parser.at += 1
        }
        return .sequence(all)
    }

    private var sign: String? {
        guard at < tokens.count, case .sign(let sign) = tokens[at] else { return nil }
        return sign
    }
    private var plain: String? {
        guard at < tokens.count, case .word(let word) = tokens[at] else { return nil }
        return word.plain
    }

    private mutating func skip(_ keyword: String) { if plain == keyword || sign == keyword { at += 1 } }
    private mutating func skipLines() { while let sign, ["\n", ";", "&"].contains(sign) { _ = sign; at += 1 } }

    /// Commands up to a keyword, `)` or `;;` that ends them.
    private mutating func list() -> ShellCommand {
        depth += 1
        defer { depth -= 1 }
        var commands: [ShellCommand] = []
        while depth < 64 {
            skipLines()
            guard at < tokens.count, sign != ")", sign != ";;", !(plain.map(Self.ends.contains) ?? false) else { break }
            let before = at
            commands.append(andOr())
            if at == before { at += 1 }
        }
        return commands.count == 1 ? commands[0] : .sequence(commands)
    }

    private mutating func andOr() -> ShellCommand {
        var left = pipeline()
        while let sign, sign == "&&" || sign == "||" {
            at += 1
            skipLines()
            let right = pipeline()
            left = sign == "&&" ? .and(left, right) : .or(left, right)
        }
        return left
    }

    private mutating func pipeline() -> ShellCommand {
        if plain == "!" {
            at += 1
            return .not(pipeline())
        }
        var commands = [command()]
        while sign == "|" {
            at += 1
            skipLines()
            commands.append(command())
        }
        return commands.count == 1 ? commands[0] : .pipeline(commands)
    }

    private mutating func command() -> ShellCommand {
        switch plain {
        case "if": at += 1; return condition()
        case "case": at += 1; return choice()
        case "for": at += 1; return loop()
        case "while", "until":
            at += 1
            let test = list()
            return .sequence([test, body(variable: nil, [])])
        case "{":
            at += 1
            let commands = list()
            skip("}")
            return commands
        default: break
        }
        if sign == "(" {
            at += 1
            let commands = list()
            skip(")")
            return commands
        }
        return simple()
    }

    private mutating func condition() -> ShellCommand {
        let test = list()
        skip("then")
        let then = list()
        if plain == "elif" {
            at += 1
            return .condition(test, then: then, otherwise: condition())
        }
        var otherwise = ShellCommand.sequence([])
        if plain == "else" {
            at += 1
            otherwise = list()
        }
        skip("fi")
        return .condition(test, then: then, otherwise: otherwise)
    }

    private mutating func choice() -> ShellCommand {
        guard at < tokens.count, case .word(let subject) = tokens[at] else { return .sequence([]) }
        at += 1
        skipLines()
        skip("in")
        var branches: [(patterns: [ShellWord], body: ShellCommand)] = []
        while true {
            while let sign, sign != ")" { _ = sign; at += 1 }
            guard at < tokens.count, plain != "esac" else { break }
            var patterns: [ShellWord] = []
            while at < tokens.count, sign != ")" {
                if case .word(let pattern) = tokens[at] { patterns.append(pattern) }
                at += 1
            }
            skip(")")
            branches.append((patterns, list()))
            if sign == ")" { at += 1 }
        }
        skip("esac")
        return .choice(subject, branches)
    }

    private mutating func loop() -> ShellCommand {
        let name = plain
        at += 1
        skipLines()
        var words: [ShellWord] = []
        if plain == "in" {
            at += 1
            while at < tokens.count, case .word(let word) = tokens[at] {
                words.append(word)
                at += 1
            }
        }
        return body(variable: name, words)
    }

    private mutating func body(variable: String?, _ words: [ShellWord]) -> ShellCommand {
        skipLines()
        skip("do")
        let commands = list()
        skip("done")
        return .loop(variable: variable, words, commands)
    }

    private mutating func simple() -> ShellCommand {
        var words: [ShellWord] = []
        while at < tokens.count, case .word(let word) = tokens[at] {
            words.append(word)
            at += 1
        }
        guard sign == "(", words.count == 1, let name = words[0].plain else { return .simple(words) }
        at += 1
        guard sign == ")" else { return .simple(words) }
        at += 1
        skipLines()
        return .function(name, command())
    }
}
