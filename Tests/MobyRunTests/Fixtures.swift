import Foundation
import MachineModel
import TestSupport
import Testing

@testable import MobyRun

/// A fresh folder, removed when the last reference goes.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: Int = 0o644) throws -> String {
        let target = file(name)
        try TestFile.write(bytes, to: target, mode: mode)
        return target
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// A text beside the tests that must not change by accident. `UPDATE_GOLDEN=1` writes it, and fails.
func expectGolden(
    _ text: String, _ name: String, file: String = #filePath, at location: SourceLocation = #_sourceLocation
) throws {
    let url = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden/\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
        try Data("\(text)\n".utf8).write(to: url)
        Issue.record("wrote \(url.lastPathComponent)", sourceLocation: location)
    }
    #expect(text + "\n" == String(decoding: try Data(contentsOf: url), as: UTF8.self), sourceLocation: location)
}

/// A judge: another program that reads what was written here. That it is missing is a failure.
enum Tool {
    static func run(_ name: String, _ arguments: [String]) throws -> EndedProcess {
        try EndedProcess(name, arguments, environment: ["LC_ALL": "C", "TZ": "UTC"])
    }
}

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
