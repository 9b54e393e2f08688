/// A request to the kernel's network configuration (rtnetlink(7)): a header, a fixed part, then nested attributes. Host
/// byte order.
struct NetlinkMessage {
    private(set) var bytes: [UInt8] = []
    private var openAttributes: [Int] = []

    static let newLink: UInt16 = 16
    static let deleteLink: UInt16 = 17

    enum Flag {
        static let request: UInt16 = 1
        static let acknowledge: UInt16 = 4
        static let replace: UInt16 = 0x100
        static let exclusive: UInt16 = 0x200
        static let create: UInt16 = 0x400
    }

    /// A message about the link with `index`; 0 for one that is named or new.
    /// - Parameter isUp: turns the link on or off; nil leaves it.
    init(type: UInt16, flags: UInt16, index: Int32 = 0, isUp: Bool? = nil) {
        self.init(type: type, flags: flags, fixed: [])
        appendLinkPart(index: index, isUp: isUp)
    }

    /// A message with this fixed part.
    init(type: UInt16, flags: UInt16, fixed: [UInt8]) {
        append(UInt32(0))
        append(type)
        append(flags)
        append(UInt32(1))
        append(UInt32(0))
        bytes += fixed
    }

    /// struct ifinfomsg: flags, and which of them change. 1 is IFF_UP.
    private mutating func appendLinkPart(index: Int32, isUp: Bool? = nil) {
        append(UInt32(0))
        append(index)
        append(UInt32(isUp == true ? 1 : 0))
        append(UInt32(isUp == nil ? 0 : 1))
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

    mutating func add(_ type: UInt16, _ text: String) {
        begin(type)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
        end()
    }

    mutating func add(_ type: UInt16, _ number: UInt32) {
        begin(type)
        append(number)
        end()
    }

    mutating func add(_ type: UInt16, bytes value: [UInt8]) {
        begin(type)
        bytes += value
        end()
    }

    mutating func add(_ type: UInt16, _ body: (inout NetlinkMessage) -> Void) {
        begin(type)
        body(&self)
        end()
    }

    /// The fixed part of a link inside an attribute, as a peer has it.
    mutating func addLinkPart() { appendLinkPart(index: 0) }

    private mutating func begin(_ type: UInt16) {
        openAttributes.append(bytes.count)
        append(UInt16(0))
        append(type)
    }

    private mutating func end() {
        guard let start = openAttributes.popLast() else { return }
        store(UInt16(bytes.count - start), at: start)
        pad()
    }

    private mutating func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        withUnsafeBytes(of: number) { for (index, byte) in $0.enumerated() { bytes[offset + index] = byte } }
    }

    /// The message with its length in place.
    func finished() -> [UInt8] {
        var message = self
        message.store(UInt32(bytes.count), at: 0)
        return message.bytes
    }
}
