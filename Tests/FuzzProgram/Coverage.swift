#if COVERAGE
    internal import CFuzzer
    internal import Fuzzing
    internal import Glibc
    internal import Synchronization

    /// libFuzzer on one target: `fuzz TARGET [libFuzzer's arguments]`.
    enum Coverage {
        /// libFuzzer's callback has no room for a value.
        fileprivate static let chosen = Mutex<FuzzTarget?>(nil)

        static func run(_ arguments: [String]) -> Int32 {
            guard arguments.count > 1, let target = FuzzTarget.named(arguments[1]) else {
                Main.report(
                    "usage: fuzz TARGET [ARGUMENTS OF LIBFUZZER]; targets: \(FuzzTarget.all.map(\.name).joined(separator: " "))"
                )
                return 64
            }
            chosen.withLock { $0 = target }
            var words = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
            return words.withUnsafeMutableBufferPointer { words in
                var (count, start) = (Int32(words.count - 1), words.baseAddress)
                return LLVMFuzzerRunDriver(&count, &start, tryOneInput)
            }
        }
    }

    /// Under the name that libFuzzer's own `main`, which is linked but not run, asks for.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func tryOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
        let bytes = Array(UnsafeBufferPointer(start: data, count: size))
        _ = Coverage.chosen.withLock { $0 }?.complaint(about: bytes)
        return 0
    }
#endif
