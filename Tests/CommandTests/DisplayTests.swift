import Progress
import Synchronization
import TestSupport
import Testing

@testable import moby

/// What steps look like on a terminal, in a log and as JSON, with a clock of the test.
struct DisplayTests {
    /// Steps that a test begins and ends when it likes.
    private final class Script: Sendable {
        private let taken = Mutex<[Reporter.Event]>([])
        var reporter: Reporter { Reporter { [self] event in taken.withLock { $0.append(event) } } }

        func events() -> [Reporter.Event] {
            taken.withLock { events in
                defer { events = [] }
                return events
            }
        }
    }

    /// Feeds a renderer and keeps the screen that its text makes.
    private struct Stage {
        var renderer: any Renderer
        var screen: Screen
        let script = Script()
        var text = ""

        init(_ renderer: any Renderer, columns: Int, rows: Int = 24) {
            self.renderer = renderer
            screen = Screen(columns: columns, rows: rows)
        }

        mutating func at(_ seconds: Double) {
            let time = Duration.milliseconds(Int(seconds * 1000))
            for event in script.events() {
                switch event {
                case .began(let step): show(renderer.began(step, at: time))
                case .ended(let step, let isDone): show(renderer.ended(step, isDone: isDone, at: time))
                case .message(let text, let severity):
                    show(renderer.message("\(severity): \(text)\n", .info, at: time))
                }
            }
            show(renderer.tick(at: time, WindowSize(columns: screen.columns, rows: screen.rows)))
        }

        mutating func show(_ new: String) {
            text += new
            screen.take(new)
        }
    }

    /// A terminal: characters, line ends, lines that are broken at the last column, and the sequences that the renderer
    /// uses.
    private struct Screen {
        let columns: Int
        let rows: Int
        private var cells: [[String]] = [[]]
        private var row = 0
        private var column = 0

        init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }

        var text: String { cells.map { $0.joined() }.joined(separator: "\n") }

        mutating func take(_ text: String) {
            var rest = text[...]
            while let character = rest.first {
                rest.removeFirst()
                switch character {
                case "\r": column = 0
                case "\n":
                    (row, column) = (row + 1, 0)
                    if row == cells.count { cells.append([]) }
                case "\u{1B}":
                    let number = rest.dropFirst().prefix { $0.isNumber || $0 == "?" || $0 == ";" }
                    rest = rest.dropFirst(1 + number.count)
                    control(rest.removeFirst(), Int(number) ?? 1)
                default: put(character)
                }
            }
        }

        private mutating func control(_ letter: Character, _ number: Int) {
            switch letter {
            case "A": row -= number
            case "J":
                cells.removeSubrange((row + 1)...)
                cells[row].removeSubrange(min(column, cells[row].count)...)
            case "K": cells[row].removeSubrange(min(column, cells[row].count)...)
            case "h", "l", "m": break
            default: Issue.record("unexpected sequence with '\(letter)'")
            }
            #expect(row >= 0)
        }

        private mutating func put(_ character: Character) {
            let width = TextWidth.of(String(character))
            // Messages may be wider than the terminal; a line of a frame that is would show here.
            if column + width > columns {
                (row, column) = (row + 1, 0)
                if row == cells.count { cells.append([]) }
            }
            while cells[row].count < column + width { cells[row].append(" ") }
            cells[row][column] = String(character)
            if width == 2 { cells[row][column + 1] = "" }
            column += width
        }
    }

    /// A pull of two layers, a message, and the end.
    @Test(arguments: [80, 40]) func framesOfAPull(columns: Int) throws {
        var stage = Stage(TerminalRenderer(), columns: columns)
        var frames: [String] = []
        let script = stage.script
        func frame(_ seconds: Double) {
            stage.at(seconds)
            frames.append("at \(seconds) s\n\(stage.screen.text)")
        }
        script.reporter.during(.pull, "registry.example/team/web:1.27", total: 40_000_000, isMajor: true) { pull in
            pull.part(.pull, "layer 1 of 2", total: 8_000_000) { first in
                frame(0)
                first.add(1_000_000)
                frame(0.2)
                frame(1)
                first.skip(2_000_000)
                pull.part(.pull, "layer 2 of 2 日本", total: 32_000_000) { second in
                    frame(1.5)
                    first.add(5_000_000)
                    second.add(4_000_000)
                    frame(4)
                    script.reporter.warn("the configuration has no platform")
                    frame(4.1)
                    second.add(28_000_000)
                    frame(10)
                }
            }
            frame(10.2)
        }
        frame(10.3)
        let text = frames.joined(separator: "\n---\n") + "\n"
        #expect(try Golden.difference(text, "display-\(columns).txt") == nil)
    }

    /// A part that is done over makes its step fall back as well.
    @Test func aPartMayFallBack() {
        Reporter.silent.during(.pull, "acme/web:1", total: 40) { pull in
            pull.part(.pull, "layer 1 of 1", total: 40) { layer in
                layer.skip(10)
                layer.set(30)
                #expect(pull.done == 30)
                layer.set(5)
                #expect(layer.done == 5 && pull.done == 5 && pull.skipped == 10)
                layer.add(35)
                #expect(pull.done == 40)
            }
        }
    }

    /// What is over before it is worth a line leaves nothing.
    @Test func shortStepsAreNotDrawn() {
        var stage = Stage(TerminalRenderer(), columns: 80)
        let script = stage.script
        script.reporter.during(.write, "web.img") { step in
            stage.at(0)
            step.add(100)
            stage.at(0.29)
        }
        stage.at(0.3)
        stage.at(5)
        #expect(stage.text.isEmpty)
    }

    @Test func aLowTerminalShowsHowManyMore() {
        var stage = Stage(TerminalRenderer(), columns: 60, rows: 4)
        let reporter = stage.script.reporter
        func nest(_ number: Int) {
            guard number <= 5 else { return stage.at(1) }
            reporter.during(.encode, "image \(number)") { _ in
                stage.at(0)
                nest(number + 1)
            }
        }
        nest(1)
        stage.at(1)
        // The text before the steps ended.
        #expect(stage.text.contains("and 3 more"))
        #expect(stage.screen.text.split(separator: "\n").isEmpty, "\(stage.screen.text)")
    }

    @Test func aLogHasALineNowAndThen() throws {
        var stage = Stage(PlainRenderer(), columns: 80)
        let script = stage.script
        script.reporter.during(.pull, "acme/web:1", total: 40_000_000, isMajor: true) { pull in
            pull.part(.pull, "layer 1 of 1", total: 40_000_000) { layer in
                stage.at(0)
                layer.skip(10_000_000)
                for second in 1...12 {
                    if second < 11 { layer.add(1_000_000) }
                    stage.at(Double(second))
                }
                stage.at(22)
                layer.add(20_000_000)
            }
        }
        stage.at(25)
        script.reporter.during(.write, "web.img") { _ in stage.at(25.5) }
        stage.at(26)
        script.reporter.during(.wait, "'a.example'") { _ in
            stage.at(28)
            stage.at(33.5)
            script.reporter.note("a note")
            stage.at(34)
            stage.at(44)
        }
        stage.at(45)
        #expect(
            stage.text == """
                pulling acme/web:1: 40.0 MB
                pulling acme/web:1: 20.0 of 40.0 MB, 1.00 MB/s, 0:20 left
                pulling acme/web:1: 20.0 of 40.0 MB, no data for 12 s
                pulled acme/web:1: 40.0 MB in 25.0 s, 10.0 MB already present
                waiting for 'a.example'
                note: a note
                waiting for 'a.example': 16 s

                """)
    }

    @Test func programsGetJSON() {
        var stage = Stage(JSONRenderer(), columns: 80)
        let script = stage.script
        script.reporter.during(.push, "acme/\u{1B}web:1", total: 40, isMajor: true) { push in
            stage.at(0)
            push.add(10)
            stage.at(0.5)
            stage.at(1)
            script.reporter.warn("w")
        }
        stage.at(1.5)
        let id = stage.text.firstMatch(of: #/"id":([0-9]+)/#).map { String($0.1) } ?? ""
        #expect(
            stage.text.replacing("\"id\":\(id),", with: "") == #"""
                {"event":"begin","parent":null,"activity":"push","object":"acme/\u001bweb:1","unit":"bytes","done":0,"total":40,"time":0}
                {"event":"progress","done":10,"total":40,"time":1000}
                {"event":"message","severity":"info","text":"warning: w","time":1500}
                {"event":"end","outcome":"done","milliseconds":1500,"done":10,"total":40,"time":1500}

                """#)
    }

    @Test(arguments: [
        ("abcdefgh", 8, "abcdefgh"), ("abcdefghi", 8, "ab…efghi"), ("日本語テキスト", 8, "日…スト"),
        ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ("abc", 1, "…"), ("abc", 0, ""),
    ])
    func textIsCut(text: String, columns: Int, cut: String) {
        #expect(TextWidth.cut(text, to: columns) == cut)
        #expect(TextWidth.of(cut) <= columns)
    }

    @Test func severitiesAreColored() {
        let style = TextStyle(isColored: true)
        #expect(style.message("error: x\n") == "\u{1B}[1;31merror:\u{1B}[0m x\n")
        #expect(style.message("a.yml:3:1: warning: error: x") == "a.yml:3:1: \u{1B}[1;33mwarning:\u{1B}[0m error: x")
        #expect(style.message("  hint: y") == "  \u{1B}[36mhint:\u{1B}[0m y")
        #expect(style.message("reading 'x': error: x") == "reading 'x': error: x")
        #expect(TextStyle(isColored: false).message("error: x") == "error: x")
    }
}
