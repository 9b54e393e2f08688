internal import Extents
internal import Glibc

/// Has the damaged versions of an artifact looked at by processes of their own, a new one after each that did not end
/// well.
struct Supervisor {
    /// No small artifact takes as long as this, however it is damaged and however busy the machine is.
    private static let timeLimitMilliseconds: Int32 = 60_000

    private let artifact: Artifact

    init(_ artifact: Artifact) { self.artifact = artifact }

    func run(_ count: UInt64) -> Tally {
        let file = artifact.path.split(separator: "/").last.map(String.init) ?? artifact.path
        var tally = Tally("\(artifact.format): \(file)", size: artifact.size)
        var next: UInt64 = 0
        while next < count {
            let end = watch(from: next, count: count - next, &tally)
            next += end.done
            switch end.how {
            case .complete: break
            case .greedy: tally.greedy += 1
            case .crashed: tally.crashes += 1
            case .hung: tally.hangs += 1
            case .unable: return unable(&tally)
            }
            guard end.how != .complete else { continue }
            // Too much memory is seen after the line of its seed, all else before.
            let seed = end.how == .greedy ? next - 1 : next
            Main.report("\(end.how): fuzz \(seed) \(artifact.path)")
            if end.how != .greedy {
                next += 1
                tally.inputs += 1
            }
        }
        return tally
    }

    private func unable(_ tally: inout Tally) -> Tally {
        tally.crashes += 1
        Main.report("no process could be started for \(artifact.path)")
        return tally
    }

    private enum How { case complete, greedy, crashed, hung, unable }

    /// Starts a process, and reads its lines until it ends.
    private func watch(from first: UInt64, count: UInt64, _ tally: inout Tally) -> (done: UInt64, how: How) {
        guard let child = Process(["--child", artifact.path, "\(first)", "\(count)"]) else { return (0, .unable) }
        var done: UInt64 = 0
        var isHung = false
        var line: [UInt8] = []
        while !isHung, let bytes = child.read(milliseconds: Self.timeLimitMilliseconds) {
            isHung = bytes.isEmpty
            for byte in bytes {
                guard byte == 0x0A else {
                    line.append(byte)
                    continue
                }
                done += take(line, &tally) ? 1 : 0
                line = []
            }
        }
        let status = child.end(kill: isHung)
        if isHung { return (done, .hung) }
        if status == Child.greedy << 8 { return (done, .greedy) }
        return (done, status == 0 && done == count ? .complete : .crashed)
    }

    private func take(_ line: [UInt8], _ tally: inout Tally) -> Bool {
        let numbers = line.split(separator: 0x20).compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 4 else { return false }
        tally.inputs += 1
        tally.artifacts += numbers[3]
        tally.slowestMilliseconds = max(tally.slowestMilliseconds, numbers[1] / 1000)
        tally.peakKiB = max(tally.peakKiB, numbers[2])
        return true
    }
}
