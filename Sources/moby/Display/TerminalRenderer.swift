internal import Extents
internal import Progress

/// Lines at the bottom of a terminal, one for each step in flight, that are written over again and again. Messages and
/// the ends of major steps go above them and stay.
struct TerminalRenderer: Renderer {
    private let style: TextStyle
    private var steps: [TrackedStep] = []
    private var window = WindowSize()
    /// Widths of the lines on the screen.
    private var drawn: [Int] = []

    init(_ style: TextStyle = TextStyle(isColored: false)) { self.style = style }

    var drawnLines: Int { drawn.count }

    /// Shorter steps are not shown: they would only flicker.
    private static let patience = Duration.milliseconds(300)

    mutating func began(_ step: Step, at time: Duration) -> String {
        let tracked = TrackedStep(step, at: time)
        // A part goes below its step and the parts of that which are there.
        let family = steps.lastIndex {
            $0.step === step.parent || ($0.step.parent === step.parent && step.parent != nil)
        }
        steps.insert(tracked, at: family.map { $0 + 1 } ?? steps.endIndex)
        return ""
    }

    mutating func ended(_ step: Step, isDone: Bool, at time: Duration) -> String {
        guard let index = steps.firstIndex(where: { $0.step === step }) else { return "" }
        let tracked = steps.remove(at: index)
        if isDone, step.isMajor {
            return message(tracked.summary(at: time, columns: window.columns - 1) + "\n", .info, at: time)
        }
        return steps.isEmpty ? erase() : ""
    }

    mutating func message(_ text: String, _: MessageSeverity, at time: Duration) -> String {
        guard !drawn.isEmpty else { return text }
        return erase() + text + frame(at: time)
    }

    mutating func tick(at time: Duration, _ window: WindowSize) -> String {
        for index in steps.indices { steps[index].sample(at: time) }
        let old = self.window
        self.window = window
        // A terminal that became narrower broke the lines on it.
        let shown =
            window == old ? drawn.count : drawn.reduce(0) { $0 + max(1, ($1 + window.columns - 1) / window.columns) }
        return frame(at: time, over: shown)
    }

    mutating func erase() -> String {
        defer { drawn = [] }
        return drawn.isEmpty ? "" : "\r\u{1B}[\(drawn.count)A\u{1B}[J"
    }

    /// The lines on the screen are no longer where they were, e.g. after the program was stopped.
    mutating func forget() { drawn = [] }

    private mutating func frame(at time: Duration) -> String { frame(at: time, over: drawn.count) }

    private mutating func frame(at time: Duration, over shown: Int) -> String {
        let lines = lines(at: time)
        drawn = lines.map(\.width)
        guard shown > 0 || !lines.isEmpty else { return "" }
        let up = shown > 0 ? "\r\u{1B}[\(shown)A" : ""
        // Each line over the old one, then whatever is below: nothing is blank in between.
        let text = lines.map { $0.text + "\u{1B}[K\n" }.joined()
        return "\u{1B}[?25l" + up + text + (lines.count < shown ? "\u{1B}[J" : "") + "\u{1B}[?25h"
    }

    private func lines(at time: Duration) -> [(text: String, width: Int)] {
        let visible = steps.filter { time - $0.began >= Self.patience }
        let most = max(1, window.rows - 1)
        let shown = visible.count <= most ? visible[...] : visible.prefix(most - 1)
        let layout = LineLayout(shown.map(LineLayout.label), columns: window.columns - 1)
        var lines = shown.map { layout.line($0, at: time, style) }
        if shown.count < visible.count {
            let text = TextWidth.cut("and \(visible.count - shown.count) more", to: window.columns - 1)
            lines.append((text, TextWidth.of(text)))
        }
        return lines
    }
}

/// The columns of the lines of a terminal: `label [====>    ]  12.3/40.1 MB  1.20 MB/s  0:23 left`. Where there is no
/// room, the bar goes first, then the rate, then the time.
struct LineLayout {
    private var label: Int
    private var bar = 0
    private var rate = 0
    private var time = 0

    private static let amount = 14
    private static let fullRate = 10
    /// `12:34 left`, and `12:34` where columns are few.
    private static let (fullTime, shortTime, fewColumns) = (9, 5, 60)
    private static let leastLabel = 12
    private static let bars = 10...30

    init(_ labels: [String], columns: Int) {
        let wanted = labels.map { TextWidth.of($0) }.max() ?? 0
        var rest = columns - Self.amount - 2
        let field = columns < Self.fewColumns ? Self.shortTime : Self.fullTime
        if rest - field - 2 >= min(wanted, Self.leastLabel) {
            time = field
            rest -= time + 2
        }
        if rest - Self.fullRate - 2 >= min(wanted, 2 * Self.leastLabel) {
            rate = Self.fullRate
            rest -= rate + 2
        }
        label = max(0, min(wanted, rest))
        if rate > 0, rest - label < Self.bars.lowerBound + 2, rest >= Self.bars.lowerBound + 2 + 2 * Self.leastLabel {
            label = rest - Self.bars.lowerBound - 2
        }
        if rate > 0, rest - label >= Self.bars.lowerBound + 2 { bar = min(rest - label - 2, Self.bars.upperBound) }
    }

    static func label(_ step: TrackedStep) -> String { label(step, columns: .max) }

    /// What is cut is the object.
    private static func label(_ step: TrackedStep, columns: Int) -> String {
        let start = step.step.parent == nil ? "\(step.step.activity.gerund) " : "  "
        let object = step.shortObject
        guard columns > start.utf8.count + 4 else { return TextWidth.cut(start + object, to: columns) }
        return start + TextWidth.cut(object, to: columns - start.utf8.count)
    }

    func line(_ step: TrackedStep, at now: Duration, _ style: TextStyle) -> (text: String, width: Int) {
        var text = TextWidth.padded(Self.label(step, columns: label), to: label)
        var width = label
        func add(_ field: String, _ columns: Int, onTheLeft: Bool = true, _ paint: (String) -> String = { $0 }) {
            guard columns > 0 else { return }
            text +=
                "  "
                + paint(
                    TextWidth.padded(TextWidth.prefix(of: field, columns: columns), to: columns, onTheLeft: onTheLeft))
            width += columns + 2
        }
        add(barText(step.step), bar, style.bar)
        let hasNumbers = step.step.done > 0 || step.step.total != nil
        add(hasNumbers ? Amount.text(step.step, of: "/") : "", Self.amount)
        let perSecond = step.step.unit == .bytes ? step.rate(at: now) : nil
        add(perSecond.map { "\(SizeText.decimal(UInt64($0)))/s" } ?? "", rate, style.faint)
        let left = step.left(at: now).map { Amount.time($0) + (time == Self.fullTime ? " left" : "") }
        add(left ?? Amount.time(((now - step.began) / .seconds(1)).rounded(.down)), time)
        return (text, width)
    }

    /// Empty when the total is unknown.
    private func barText(_ step: Step) -> String {
        guard bar > 2, let total = step.total, total > 0 else { return "" }
        let cells = bar - 2
        let full = Int(Double(cells) * Double(min(step.done, total)) / Double(total))
        let head = full > 0 && full < cells ? ">" : ""
        let body = String(repeating: "=", count: full - head.count)
        return "[" + TextWidth.padded(body + head, to: cells) + "]"
    }
}

/// Colors of a terminal.
struct TextStyle {
    let isColored: Bool

    func bar(_ text: String) -> String { paint(text, "32") }
    func faint(_ text: String) -> String { paint(text, "2") }

    /// Lines of messages with their severity in color, where they begin with it or with a location and it.
    func message(_ text: String) -> String {
        guard isColored else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            for (word, code) in [("error:", "1;31"), ("warning:", "1;33"), ("note:", "1;36"), ("hint:", "36")] {
                guard let found = Self.start(of: word, in: line) else { continue }
                let end = line.index(found, offsetBy: word.count)
                return line[..<found] + paint(String(line[found..<end]), code) + line[end...]
            }
            return String(line)
        }.joined(separator: "\n")
    }

    /// After nothing, spaces, or `FILE:LINE:COLUMN: `.
    private static func start(of word: String, in line: Substring) -> String.Index? {
        let text = line.drop { $0 == " " }
        if text.hasPrefix(word) { return text.startIndex }
        guard let range = text.firstRange(of: " \(word)"), text[..<range.lowerBound].hasSuffix(":") else { return nil }
        let place = text[..<range.lowerBound].split(separator: ":")
        guard let column = place.last, column.allSatisfy(\.isNumber), !column.isEmpty else { return nil }
        return text.index(after: range.lowerBound)
    }

    private func paint(_ text: String, _ code: String) -> String {
        isColored && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
