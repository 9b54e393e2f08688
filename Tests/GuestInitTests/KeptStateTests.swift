import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct KeptStateTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The identifier is made once, and stays.
    @Test func identifierIsKept() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: folder + "/run", withIntermediateDirectories: true)
            let state = KeptState(state: folder + "/lib/moby", root: folder)
            state.begin { body in do { try body() } catch { Issue.record("\(error)") } }
            let first = try text(folder + "/run/machine-id")
            #expect(KeptState.isIdentifier(String(first.dropLast())), "\(first)")
            #expect(first.last == "\n")
            state.begin { body in do { try body() } catch { Issue.record("\(error)") } }
            #expect(try text(folder + "/run/machine-id") == first)
            // Damaged ones are replaced.
            try FileManager.default.removeItem(atPath: folder + "/lib/moby/machine-id")
            try "uninitialized\n".write(toFile: folder + "/lib/moby/machine-id", atomically: false, encoding: .utf8)
            state.begin { body in do { try body() } catch { Issue.record("\(error)") } }
            #expect(KeptState.isIdentifier(String(try text(folder + "/run/machine-id").dropLast())))
        }
    }

    @Test(arguments: [
        ("4C4C4544-0043-3510-8052-B4C04F564231", "4c4c4544004335108052b4c04f564231"),
        ("00000000-0000-0000-0000-000000000000", nil), ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", nil),
        ("Not Settable", nil), (nil, nil),
    ])
    func hardwareMayHaveOne(text: String?, expected: String?) {
        #expect(KeptState.identifier(ofHardware: text) == expected)
    }

    @Test func madeOnesAreUUIDsOfVersion4() {
        let text = KeptState.hex([UInt8](repeating: 0xFF, count: 16), version: 4)
        #expect(text == "ffffffffffff4fffbfffffffffffffff")
    }

    @Test func seedIsReplaced() async throws {
        try await withTemporaryDirectory { folder in
            let state = KeptState(state: folder, root: folder)
            try state.saveSeed()
            let first = try Data(contentsOf: URL(filePath: folder + "/random-seed"))
            try state.saveSeed()
            let second = try Data(contentsOf: URL(filePath: folder + "/random-seed"))
            #expect(first.count == 512)
            #expect(first != second)
            #expect(!state.isOnDisk)
        }
    }
}
