internal import Extents
internal import JSON
internal import Progress

/// Turns steps and messages into text for standard error. Times count from the start of the display.
protocol Renderer {
    mutating func began(_ step: Step, at time: Duration) -> String
    mutating func ended(_ step: Step, isDone: Bool, at time: Duration) -> String
    /// Lines of text, each with its end.
    mutating func message(_ text: String, _ severity: MessageSeverity, at time: Duration) -> String
    /// Called several times in a second while a step is in flight.
    mutating func tick(at time: Duration, _ window: WindowSize) -> String
    /// What removes the lines that are shown only for now.
    mutating func erase() -> String
    /// Lines above the cursor that are shown only for now.
    var drawnLines: Int { get }
}

/// Of renderers whose lines all stay.
extension Renderer {
    func erase() -> String { "" }
    var drawnLines: Int { 0 }
}

enum MessageSeverity: String {
    case info, note, warning, error
}

/// Size of a terminal in characters.
struct WindowSize: Equatable {
    var columns = 80
    var rows = 24
}

/// Messages only.
struct QuietRenderer: Renderer {
    func began(_: Step, at _: Duration) -> String { "" }
    func ended(_: Step, isDone _: Bool, at _: Duration) -> String { "" }
    func message(_ text: String, _: MessageSeverity, at _: Duration) -> String { text }
    func tick(at _: Duration, _: WindowSize) -> String { "" }
}

/// A log: a line when a step begins, one in each ten seconds, one at its end.
struct PlainRenderer: Renderer {
    /// Whether every step is logged, and parts of steps, however short they are.
    let isDetailed: Bool
    private var steps: [TrackedStep] = []

    init(isDetailed: Bool = false) { self.isDetailed = isDetailed }

    /// A step that is not a major one and ends within this time is not worth a line.
    private static let patience = Duration.seconds(1)
    /// Servers and locks are waited for now and then.
    private static let patienceForWaits = Duration.seconds(5)
    private static let pause = Duration.seconds(10)

    mutating func began(_ step: Step, at time: Duration) -> String {
        guard step.parent == nil || isDetailed || step.activity == .wait else { return "" }
        var tracked = TrackedStep(step, at: time)
        defer { steps.append(tracked) }
        guard step.isMajor || isDetailed else { return "" }
        return Self.first(&tracked, at: time)
    }

    mutating func ended(_ step: Step, isDone: Bool, at time: Duration) -> String {
        guard let index = steps.firstIndex(where: { $0.step === step }) else { return "" }
        let tracked = steps.remove(at: index)
        guard tracked.logged != nil, isDone, step.activity != .wait else { return "" }
        return tracked.summary(at: time) + "\n"
    }

    mutating func message(_ text: String, _: MessageSeverity, at _: Duration) -> String { text }

    mutating func tick(at time: Duration, _: WindowSize) -> String {
        var text = ""
        for index in steps.indices {
            steps[index].sample(at: time)
            let step = steps[index]
            if let last = step.logged {
                guard time - last >= Self.pause else { continue }
                text += Self.line(step, last, at: time)
                steps[index].log(at: time)
            } else {
                let isWait = step.step.activity == .wait
                guard time - step.began >= (isWait ? Self.patienceForWaits : Self.patience) else { continue }
                text += Self.first(&steps[index], at: time)
            }
        }
        return text
    }

    private static func first(_ tracked: inout TrackedStep, at time: Duration) -> String {
        tracked.log(at: time)
        let total = tracked.step.total.map {
            tracked.step.unit == .bytes ? ": \(SizeText.decimal($0))" : ": \($0)"
        }
        return "\(tracked.title)\(total ?? "")\n"
    }

    private static func line(_ tracked: TrackedStep, _ last: Duration, at time: Duration) -> String {
        let step = tracked.step
        if step.unit == .bytes, step.total != nil, !tracked.hasMoved {
            return
                "\(tracked.title): \(Amount.text(step, of: " of ")), no data for \(Int((time - last) / .seconds(1))) s\n"
        }
        let numbers = tracked.numbers(at: time)
        let elapsed = "\(Int((time - tracked.began) / .seconds(1))) s"
        return "\(tracked.title): \(numbers.isEmpty ? elapsed : numbers)\n"
    }
}

/// One JSON object for each line: for programs.
struct JSONRenderer: Renderer {
    /// Whether steps have lines, or messages only.
    private let showsSteps: Bool
    private var steps: [TrackedStep] = []

    init(showsSteps: Bool = true) { self.showsSteps = showsSteps }

    private static let pause = Duration.seconds(1)

    mutating func began(_ step: Step, at time: Duration) -> String {
        guard showsSteps else { return "" }
        var tracked = TrackedStep(step, at: time)
        tracked.log(at: time)
        steps.append(tracked)
        return Self.line(
            [
                ("event", .string("begin")), ("id", .integer(Int64(step.id))),
                ("parent", step.parent.map { .integer(Int64($0.id)) } ?? .null),
                ("activity", .string(step.activity.rawValue)), ("object", .string(step.object)),
                ("unit", .string(step.unit.rawValue)),
            ] + Self.numbers(step), at: time)
    }

    mutating func ended(_ step: Step, isDone: Bool, at time: Duration) -> String {
        guard let index = steps.firstIndex(where: { $0.step === step }) else { return "" }
        let tracked = steps.remove(at: index)
        return Self.line(
            [
                ("event", .string("end")), ("id", .integer(Int64(step.id))),
                ("outcome", .string(isDone ? "done" : "failed")),
                ("milliseconds", .integer(Int64((time - tracked.began) / .milliseconds(1)))),
            ] + Self.numbers(step), at: time)
    }

    mutating func message(_ text: String, _ severity: MessageSeverity, at time: Duration) -> String {
        let text = text.hasSuffix("\n") ? String(text.dropLast()) : text
        return Self.line(
            [("event", .string("message")), ("severity", .string(severity.rawValue)), ("text", .string(text))],
            at: time)
    }

    mutating func tick(at time: Duration, _: WindowSize) -> String {
        var text = ""
        for index in steps.indices where time - (steps[index].logged ?? .zero) >= Self.pause {
            steps[index].log(at: time)
            let step = steps[index].step
            text += Self.line(
                [("event", .string("progress")), ("id", .integer(Int64(step.id)))] + Self.numbers(step), at: time)
        }
        return text
    }

    private static func numbers(_ step: Step) -> [(String, JSONValue)] {
        let total = step.total.map { JSONValue.integer(Int64(clamping: $0)) } ?? .null
        return [("done", .integer(Int64(clamping: step.done))), ("total", total)]
    }

    private static func line(_ fields: [(String, JSONValue)], at time: Duration) -> String {
        let stamp = ("time", JSONValue.integer(Int64(time / .milliseconds(1))))
        return JSONValue.object(fields + [stamp]).text(indent: 0) + "\n"
    }
}
