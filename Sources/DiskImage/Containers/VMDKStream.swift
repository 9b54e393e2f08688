internal import Extents

/// Writes markers, grains and tables in order, and remembers where they are.
struct VMDKStream {
    private let capacity: UInt64
    private let write: (UnsafeRawBufferPointer) throws -> Void
    private var written: UInt64 = 0
    /// The sector of each grain of the present table; 0 is not stored.
    private var table = [UInt32](repeating: 0, count: Int(VMDK.tableEntries))
    private var tableIndex: UInt64 = 0
    private var isTableEmpty = true
    /// The sector of each table; 0 is not stored.
    private var directory: [UInt32]

    /// - Parameter capacity: in sectors, whole grains.
    init(capacity: UInt64, write: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        (self.capacity, self.write) = (capacity, write)
        let grains = capacity * VMDK.sector / VMDK.grain
        directory = [UInt32](repeating: 0, count: Int(grains.divided(by: VMDK.tableEntries)))
    }

    mutating func begin(_ descriptor: VMDK.Descriptor) throws {
        try put(VMDK.header(capacity: capacity, directoryAt: VMDK.directoryAtEnd))
        var text = ByteBuilder()
        text.append(descriptor.text.utf8)
        text.pad(to: Int((VMDK.overhead - 1) * VMDK.sector))
        try put(text.bytes)
    }

    /// Adds a grain; numbers ascend.
    mutating func add(_ compressed: UnsafeRawBufferPointer, grain: UInt64) throws {
        if grain / VMDK.tableEntries != tableIndex {
            try finishTable()
            tableIndex = grain / VMDK.tableEntries
        }
        table[Int(grain % VMDK.tableEntries)] = try sector()
        isTableEmpty = false
        var marker = ByteBuilder(reserving: 12)
        marker.u64le(grain * (VMDK.grain / VMDK.sector))
        marker.u32le(UInt32(compressed.count))
        try put(marker.bytes)
        try write(compressed)
        written += UInt64(compressed.count)
        try align()
    }

    mutating func finish() throws {
        try finishTable()
        try putMarker(.grainDirectory, sectors: (UInt64(directory.count) * 4).divided(by: VMDK.sector))
        let first = UInt64(try sector())
        try put(directory)
        try putMarker(.footer, sectors: 1)
        try put(VMDK.header(capacity: capacity, directoryAt: first))
        try putMarker(.endOfStream, sectors: 0)
    }

    private mutating func finishTable() throws {
        guard !isTableEmpty else { return }
        try putMarker(.grainTable, sectors: VMDK.tableEntries * 4 / VMDK.sector)
        directory[Int(tableIndex)] = try sector()
        try put(table)
        table = [UInt32](repeating: 0, count: table.count)
        isTableEmpty = true
    }

    private mutating func putMarker(_ kind: VMDK.Marker, sectors: UInt64) throws {
        var marker = ByteBuilder(reserving: 512)
        marker.u64le(sectors)
        marker.u32le(0)
        marker.u32le(kind.rawValue)
        marker.pad(to: 512)
        try put(marker.bytes)
    }

    private mutating func put(_ numbers: [UInt32]) throws {
        var bytes = ByteBuilder(reserving: numbers.count * 4)
        for number in numbers { bytes.u32le(number) }
        try put(bytes.bytes)
        try align()
    }

    private mutating func put(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
        written += UInt64(bytes.count)
    }

    private mutating func align() throws {
        try put([UInt8](repeating: 0, count: Int(written.rounded(to: VMDK.sector) - written)))
    }

    /// The sector that is written next.
    private func sector() throws -> UInt32 {
        guard let number = UInt32(exactly: written / VMDK.sector) else {
            throw DiskImageError("the compressed data exceeds 2 TiB, the limit of a VMDK file")
        }
        return number
    }
}
