/// A word of a shell script (POSIX.1, Shell Command Language, section 2) before it is expanded.
struct ShellWord {
    enum Piece {
        case text(String, isQuoted: Bool)
        /// `$name`, `${name}`, or `${name:-fallback}` with its fallback.
        case variable(String, fallback: String?, isQuoted: Bool)
        /// What only a run of the script would show, such as the output of a command.
        case unknown
    }

    var pieces: [Piece] = []

    /// The text of a word without quotes and variables, as keywords are.
    var plain: String? {
        guard pieces.count == 1, case .text(let text, isQuoted: false) = pieces[0] else { return nil }
        return text
    }
}

enum ShellToken {
    case word(ShellWord)
    /// `;`, `;;`, `&`, `&&`, `|`, `||`, `(`, `)`, and a line feed.
    case sign(String)
}

/// Splits a shell script into words and signs. Comments, redirections and here-documents are left out: they change no
/// command. Never fails: what it does not know becomes an unknown piece.
struct ShellLexer {
    private let text: [Character]
    private var at = 0
    private var tokens: [ShellToken] = []
    private var word: ShellWord?
    /// Delimiters of here-documents that begin at the next line.
    private var documents: [String] = []
    private var skipsWord = false

    static func tokens(of script: String) -> [ShellToken] {
        var lexer = ShellLexer(text: Array(script))
        lexer.run()
        return lexer.tokens
    }

    private func peek(_ ahead: Int = 0) -> Character? { at + ahead < text.count ? text[at + ahead] : nil }

    private mutating func run() {
        while let character = peek() {
            switch character {
            case "\\" where peek(1) == "\n": at += 2
            case "\n": lineFeed()
            case " ", "\t", "\r": endWord(); at += 1
            case "#" where word == nil: while let next = peek(), next != "\n" { _ = next; at += 1 }
            case ";", "&", "|", "(", ")": sign(character)
            case "<", ">": redirection()
            default: piece(character)
            }
        }
        endWord()
        tokens.append(.sign("\n"))
    }

    private mutating func endWord() {
        guard let finished = word else { return }
        word = nil
        if skipsWord { skipsWord = false } else { tokens.append(.word(finished)) }
    }

    private mutating func lineFeed() {
        endWord()
        skipsWord = false
        tokens.append(.sign("\n"))
        at += 1
        for delimiter in documents {
            while at < text.count {
                let line = String(text[at...].prefix { $0 != "\n" })
                at = min(at + line.count + 1, text.count)
                if line.drop(while: { $0 == "\t" }) == delimiter { break }
            }
        }
        documents = []
    }

    private mutating func sign(_ character: Character) {
        endWord()
        let isDouble = peek(1) == character && character != "(" && character != ")"
        tokens.append(.sign(isDouble ? "\(character)\(character)" : "\(character)"))
        at += isDouble ? 2 : 1
    }

    /// `2>&1`, `>file`, `<<EOF`: the number before it and the word after it belong to it.
    private mutating func redirection() {
        if let number = word?.plain, number.allSatisfy(\.isNumber) { word = nil } else { endWord() }
        let isDocument = peek() == "<" && peek(1) == "<"
        while let next = peek(), "<>&-|".contains(next) { at += 1 }
        while let next = peek(), next == " " || next == "\t" { _ = next; at += 1 }
        guard isDocument else { skipsWord = true; return }
        var delimiter = ""
        while let next = peek(), !" \t\n;&|)".contains(next) {
            if !"'\"\\".contains(next) { delimiter.append(next) }
            at += 1
        }
        documents.append(delimiter)
    }

    private mutating func add(_ piece: ShellWord.Piece) {
        var grown = word ?? ShellWord()
        if case .text(let more, let isQuoted) = piece, case .text(let text, isQuoted)? = grown.pieces.last {
            grown.pieces[grown.pieces.count - 1] = .text(text + more, isQuoted: isQuoted)
        } else {
            grown.pieces.append(piece)
        }
        word = grown
    }

    private mutating func piece(_ character: Character) {
        at += 1
        switch character {
        case "\\":
            if let next = peek() { add(.text(String(next), isQuoted: true)); at += 1 }
        case "'":
            add(.text(take(until: "'"), isQuoted: true))
        case "\"": quoted()
        case "$": variable(isQuoted: false)
        case "`": _ = take(until: "`"); add(.unknown)
        default: add(.text(String(character), isQuoted: false))
        }
    }

    private mutating func quoted() {
        add(.text("", isQuoted: true))
        while let next = peek(), next != "\"" {
            at += 1
            switch next {
            case "\\":
                if let escaped = peek() { add(.text(String(escaped), isQuoted: true)); at += 1 }
            case "$": variable(isQuoted: true)
            case "`": _ = take(until: "`"); add(.unknown)
            default: add(.text(String(next), isQuoted: true))
            }
        }
        at += 1
    }

    private mutating func take(until end: Character) -> String {
        let taken = text[min(at, text.count)...].prefix { $0 != end }
        at = min(at + taken.count + 1, text.count)
        return String(taken)
    }

    /// After a dollar sign.
    private mutating func variable(isQuoted: Bool) {
        switch peek() {
        case "(": balanced("(", ")"); add(.unknown)
        case "{": add(Self.parameter(balanced("{", "}"), isQuoted: isQuoted))
        case let next? where next.isLetter || next == "_":
            let name = String(text[at...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            at += name.count
            add(.variable(name, fallback: nil, isQuoted: isQuoted))
        case let next? where next.isNumber || "@*#?$!".contains(next):
            at += 1
            add(.variable(String(next), fallback: nil, isQuoted: isQuoted))
        default: add(.text("$", isQuoted: isQuoted))
        }
    }

    /// What is between two signs that may be nested.
    @discardableResult
    private mutating func balanced(_ open: Character, _ close: Character) -> String {
        var depth = 0
        let start = at + 1
        while let next = peek() {
            at += 1
            if next == "\\" { at += 1 } else if next == open { depth += 1 } else if next == close { depth -= 1 }
            if depth == 0 { return String(text[min(start, at - 1)..<(at - 1)]) }
        }
        return ""
    }

    private static func parameter(_ text: String, isQuoted: Bool) -> ShellWord.Piece {
        let name = String(text.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "@" })
        let rest = text.dropFirst(name.count)
        if rest.isEmpty { return .variable(name, fallback: nil, isQuoted: isQuoted) }
        if rest.hasPrefix(":-") || rest.hasPrefix("-") {
            let fallback = String(rest.drop { $0 == ":" || $0 == "-" })
            return fallback.contains("$") ? .unknown : .variable(name, fallback: fallback, isQuoted: isQuoted)
        }
        // `${DPKG_ROOT:+…}`: dpkg sets DPKG_ROOT only for roots that it does not run in.
        if name == "DPKG_ROOT" { return .text("", isQuoted: isQuoted) }
        return .unknown
    }
}
