import Foundation
import MachineModel
import TestSupport
import Testing

@testable import MobyRun

/// A guest of one boot sector: says `GUEST READY` on the serial port, then gives back what is typed; `q` ends QEMU with
/// status 85.
enum GuestProgram {
    static let status: Int32 = 0x2A << 1 | 1
    static let debugExit = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]

    static let disk: [UInt8] = {
        let code: [UInt8] = [
            0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0xBE, 0x3D, 0x7C,  // cli; ds = 0; si = greeting
            0xAC, 0x84, 0xC0, 0x74, 0x05, 0xE8, 0x1D, 0x00, 0xEB, 0xF6,  // say it, byte by byte
            0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB,  // wait until COM1 has a byte
            0xB2, 0xF8, 0xEC, 0x3C, 0x71, 0x74, 0x05,  // read it; is it q?
            0xE8, 0x09, 0x00, 0xEB, 0xEC,  // no: say it, and again
            0xBA, 0xF4, 0x00, 0xB0, 0x2A, 0xEE, 0xF4,  // yes: out 0xf4, 0x2a
            0x88, 0xC4, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x20, 0x74, 0xFB,  // say: wait until COM1 takes a byte
            0xB2, 0xF8, 0x88, 0xE0, 0xEE, 0xC3,  // give it
        ]
        let image = code + Array("GUEST READY\r\n".utf8) + [0]
        // SeaBIOS boots no disk that is much smaller than 1 MiB.
        let sector = image + [UInt8](repeating: 0, count: 510 - image.count) + [0x55, 0xAA]
        return sector + [UInt8](repeating: 0, count: (1 << 20) - 512)
    }()

    /// A machine that boots it under emulation.
    static func machine() -> Machine {
        var machine = Machine()
        machine.architecture = .amd64
        machine.accelerator = .fixed(.tcg)
        machine.memory = 32
        machine.networking = .none
        machine.extraArguments = debugExit
        return machine
    }
}
