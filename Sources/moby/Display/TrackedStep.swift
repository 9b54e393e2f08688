internal import Extents
internal import Progress

/// A step in flight with what its numbers were lately. Times count from the start of the display.
struct TrackedStep {
    let step: Step
    let began: Duration
    /// When a log last had a line about it; nil before the first.
    private(set) var logged: Duration?
    private var loggedDone: UInt64 = 0
    private var samples: [(time: Duration, done: UInt64)] = []

    init(_ step: Step, at time: Duration) { (self.step, began) = (step, time) }

    /// A rate is that of the last seconds.
    private static let window = Duration.seconds(8)

    mutating func sample(at time: Duration) {
        if let last = samples.last, time - last.time < .milliseconds(500) { return }
        samples.append((time, step.done))
        samples.removeAll { time - $0.time > Self.window }
    }

    mutating func log(at time: Duration) { (logged, loggedDone) = (time, step.done) }

    /// What came since the last line of the log.
    var hasMoved: Bool { step.done != loggedDone }

    /// In bytes or items for a second; nil when that is not known yet.
    func rate(at time: Duration) -> Double? {
        let done = step.done
        var (start, before) = (began, step.skipped)
        // A download that begins again falls back.
        if let first = samples.first, first.done >= before, time - first.time >= .seconds(1) {
            (start, before) = (first.time, first.done)
        }
        let seconds = (time - start) / .seconds(1)
        return seconds >= 0.3 && done > before ? Double(done - before) / seconds : nil
    }

    /// In seconds; nil when that is not known.
    func left(at time: Duration) -> Double? {
        // Another thread counts on meanwhile.
        let done = step.done
        guard let total = step.total, done <= total, let rate = rate(at: time) else { return nil }
        return Double(total - done) / rate
    }

    /// `pulling docker.io/library/nginx:1.27`; nothing in it drives a terminal.
    var title: String { "\(step.activity.gerund) \(Self.plain(step.object))" }

    /// `12.3 of 67.1 MB, 1.20 MB/s, 0:46 left`; empty when nothing is known.
    func numbers(at time: Duration) -> String {
        var parts: [String] = []
        if step.done > 0 || step.total != nil { parts.append(Amount.text(step, of: " of ")) }
        if step.unit == .bytes, let rate = rate(at: time) { parts.append("\(SizeText.decimal(UInt64(rate)))/s") }
        if let left = left(at: time) { parts.append("\(Amount.time(left)) left") }
        return parts.joined(separator: ", ")
    }

    /// `pulled docker.io/library/nginx:1.27: 67.1 MB in 12.3 s`.
    /// - Parameter columns: what does not fit is cut from the object.
    func summary(at time: Duration, columns: Int = .max) -> String {
        let seconds = SizeText.decimals((time - began) / .seconds(1), 1)
        let amount = step.done == 0 ? "" : ": \(Amount.whole(step))"
        let resumed = step.skipped == 0 ? "" : ", \(SizeText.decimal(step.skipped)) already present"
        let (start, end) = ("\(step.activity.participle) ", "\(amount) in \(seconds) s")
        guard columns < .max else { return start + Self.plain(step.object) + end + resumed }
        func line(_ end: String) -> String? {
            let room = columns - TextWidth.of(start) - TextWidth.of(end)
            return room < 12 ? nil : start + TextWidth.cut(shortObject, to: room) + end
        }
        return line(end + resumed) ?? line(end) ?? TextWidth.cut(start + shortObject, to: columns)
    }

    /// The object on a terminal: of an image that a hash names, little of the hash, since its name says more:
    /// `kernel:28f3d3a…` for `localhost/moby/kernel:28f3d3a…`.
    var shortObject: String {
        let text = Self.plain(step.object)
        let hash = text.reversed().prefix { $0.isHexDigit }.count
        guard hash >= 40 else { return text }
        let local = "localhost/moby/"
        let name = text.dropLast(hash - 7)
        return (name.hasPrefix(local) ? name.dropFirst(local.count) : name) + "…"
    }

    private static func plain(_ text: String) -> String { PlainText.short(text, limit: 300) }
}

/// Amounts and times as the displays show them.
enum Amount {
    /// `12.3/67.1 MB`, `3/17`, `12.3 MB`.
    static func text(_ step: Step, of separator: String) -> String {
        guard let total = step.total else { return whole(step) }
        let done = min(step.done, total)
        guard step.unit == .bytes else { return "\(done)\(separator)\(total)" }
        let text = SizeText.decimal(total)
        return "\(alike(done, text))\(separator)\(text)"
    }

    static func whole(_ step: Step) -> String {
        step.unit == .bytes ? SizeText.decimal(step.done) : "\(step.done)"
    }

    /// A number of bytes in the unit of another, with as many digits, without the unit.
    private static func alike(_ bytes: UInt64, _ other: String) -> String {
        let parts = other.split(separator: " ").map(String.init)
        let exponent = ["B", "kB", "MB", "GB", "TB"].firstIndex(of: parts.last ?? "") ?? 0
        let value = (0..<exponent).reduce(Double(bytes)) { value, _ in value / 1000 }
        let digits = parts[0].split(separator: ".").dropFirst().first?.count ?? 0
        return exponent == 0 ? "\(bytes)" : SizeText.decimals(value, digits)
    }

    /// `0:07`, `12:34`, `1:02:03`.
    static func time(_ seconds: Double) -> String {
        let all = Int(min(seconds, 359_999).rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (all / 3600, all / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(all % 60))" : "\(minutes):\(two(all % 60))"
    }
}
