package import Extents
internal import Glibc

/// Reports once what a user waits for, when a server is silent or slow.
package struct SilenceNotice: Sendable {
    private let silence: Duration
    private let notice: @Sendable (String) -> Void

    /// - Parameters:
    ///   - silence: how long nothing happens before the notice.
    ///   - notice: takes one line.
    package init(after silence: Duration = .seconds(5), _ notice: @escaping @Sendable (String) -> Void) {
        (self.silence, self.notice) = (silence, notice)
    }

    /// Fewer bytes than this in the time of one silence are as good as none.
    private static let slowest: UInt64 = 64 << 10

    /// Runs `work`.
    /// - Parameters:
    ///   - text: what is waited for, computed when it is reported.
    ///   - received: bytes so far; work that brings none is silent from its beginning.
    package func during<Value>(
        _ text: @escaping @Sendable () -> String, received: @escaping @Sendable () -> UInt64 = { 0 },
        _ work: () async throws -> Value
    ) async rethrows -> Value {
        let watch = Task { [silence, notice] in
            var last = received()
            while true {
                try await Task.sleep(for: silence)
                let now = received()
                if now < last + Self.slowest { return notice("waiting for \(text())") }
                last = now
            }
        }
        defer { watch.cancel() }
        return try await work()
    }
}
