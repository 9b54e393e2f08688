internal import CInit

/// Remote procedure calls to VMware's hypervisor through its I/O port, as open-vm-tools' `message.c` does them.
struct VMwareBackdoor {
    /// Registers of one call, in and out.
    struct Registers: Equatable {
        var b: UInt32 = 0
        var c: UInt32 = 0
        var d: UInt32 = 0
        var si: UInt32 = 0
        var di: UInt32 = 0
    }

    typealias Call = @Sendable (inout Registers) throws(MetadataError) -> Void

    static let hardware: Call = { registers throws(MetadataError) in
        var raw = cinit_vmware_registers(
            b: registers.b, c: registers.c, d: registers.d, si: registers.si, di: registers.di)
        let result = cinit_vmware_call(&raw)
        guard result == 0 else { throw MetadataError("calling", "VMware's hypervisor", number: -result) }
        registers = Registers(b: raw.b, c: raw.c, d: raw.d, si: raw.si, di: raw.di)
    }

    private enum Step: UInt32 {
        case open, sendSize, send, receiveSize, receive, receiveStatus, close
    }

    let call: Call
    private static let port: UInt32 = 0x5658
    private static let command: UInt32 = 30
    private static let (succeeded, hasReply): (UInt32, UInt32) = (1, 2)
    /// `RPCI`, with a cookie for the channel.
    private static let rpci: UInt32 = 0x4943_5052 | 0x8000_0000

    /// - Returns: the reply to a request.
    func exchange(_ request: String) throws(MetadataError) -> [UInt8] {
        var channel = Registers(d: Self.port)
        var opened = try step(.open, Self.rpci, &channel)
        opened.d = opened.d & 0xFFFF_0000 | Self.port
        channel = opened
        let reply: [UInt8]
        do throws(MetadataError) {
            try send(Array(request.utf8), &channel)
            reply = try receive(&channel)
        } catch {
            _ = try? step(.close, 0, &channel)
            throw error
        }
        _ = try step(.close, 0, &channel)
        return reply
    }

    private func step(_ step: Step, _ value: UInt32, _ channel: inout Registers) throws(MetadataError) -> Registers {
        var registers = channel
        (registers.b, registers.c) = (value, step.rawValue << 16 | Self.command)
        try call(&registers)
        guard registers.c >> 16 & Self.succeeded != 0 else {
            throw MetadataError("VMware's hypervisor refused step \(step.rawValue) of a call")
        }
        return registers
    }

    private func send(_ bytes: [UInt8], _ channel: inout Registers) throws(MetadataError) {
        _ = try step(.sendSize, UInt32(bytes.count), &channel)
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let word = (0..<4).reduce(UInt32(0)) {
                $0 | (start + $1 < bytes.count ? UInt32(bytes[start + $1]) << UInt32(8 * $1) : 0)
            }
            _ = try step(.send, word, &channel)
        }
    }

    private func receive(_ channel: inout Registers) throws(MetadataError) -> [UInt8] {
        let size = try step(.receiveSize, 0, &channel)
        guard size.c >> 16 & Self.hasReply != 0 else { return [] }
        guard size.d >> 16 == Step.sendSize.rawValue, size.b <= Finding.longest else {
            throw MetadataError("VMware's hypervisor sent a malformed reply")
        }
        var bytes: [UInt8] = []
        while bytes.count < size.b {
            let piece = try step(.receive, Self.succeeded, &channel)
            guard piece.d >> 16 == Step.send.rawValue else {
                throw MetadataError("VMware's hypervisor sent a malformed reply")
            }
            for index in 0..<4 where bytes.count < size.b { bytes.append(UInt8(piece.b >> UInt32(8 * index) & 0xFF)) }
        }
        _ = try step(.receiveStatus, Self.succeeded, &channel)
        return bytes
    }
}
