internal import Extents
internal import Progress

/// A sink that counts the bytes on their way.
struct CountedSink: ByteSink {
    private var sink: any ByteSink
    private let step: Step

    init(_ sink: any ByteSink, _ step: Step) { (self.sink, self.step) = (sink, step) }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        try sink.write(bytes)
        step.add(bytes.count)
    }
}
