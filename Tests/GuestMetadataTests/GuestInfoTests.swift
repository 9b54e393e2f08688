import GuestSystem
import Synchronization
import Testing

@testable import GuestMetadata

/// VMware's variables over its calls, with a hypervisor that follows the protocol.
struct GuestInfoTests {
    /// Answers `info-get NAME` on one channel.
    private final class Hypervisor: Sendable {
        private struct State {
            var request: [UInt8] = []
            var reply: [UInt8] = []
            var size = 0
            var isOpen = false
            var opened = 0
        }

        let variables: [String: String]
        private let state = Mutex(State())

        init(_ variables: [String: String]) { self.variables = variables }

        /// Channels that were opened, and whether one still is.
        var channels: (count: Int, isOpen: Bool) { state.withLock { ($0.opened, $0.isOpen) } }

        func call(_ registers: inout VMwareBackdoor.Registers) {
            let (step, command, port) = (registers.c >> 16, registers.c & 0xFFFF, registers.d & 0xFFFF)
            guard command == 30, port == 0x5658 else { return }
            registers.c = 1 << 16 | command
            state.withLock { state in
                if step > 0 {
                    // The channel and both cookies come back with each call.
                    guard state.isOpen, registers.d >> 16 == 7, registers.si == 0xA, registers.di == 0xB else {
                        registers.c = 0
                        return
                    }
                }
                answer(step, &registers, &state)
            }
        }

        private func answer(_ step: UInt32, _ registers: inout VMwareBackdoor.Registers, _ state: inout State) {
            func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
                bytes.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
            }
            switch step {
            case 0:
                guard registers.b == 0xC943_5052 else { registers.c = 0; return }
                (state.isOpen, state.opened, state.request) = (true, state.opened + 1, [])
                (registers.d, registers.si, registers.di) = (7 << 16 | 0x5658, 0xA, 0xB)
            case 1: state.size = Int(registers.b)
            case 2:
                for index in 0..<4 { state.request.append(UInt8(registers.b >> UInt32(8 * index) & 0xFF)) }
                guard state.request.count >= state.size else { return }
                let words = String(decoding: state.request.prefix(state.size), as: UTF8.self).split(separator: " ")
                let value = words.count == 2 && words[0] == "info-get" ? variables[String(words[1])] : nil
                state.reply = Array((value.map { "1 \($0)" } ?? "0 No value found").utf8)
            case 3:
                registers.c |= 2 << 16
                (registers.d, registers.b) = (1 << 16 | 0x5658, UInt32(state.reply.count))
            case 4:
                (registers.d, registers.b) = (2 << 16 | 0x5658, word(state.reply.prefix(4)))
                state.reply.removeFirst(min(4, state.reply.count))
            case 5: break
            default: state.isOpen = false
            }
        }
    }

    private static func probe(_ variables: [String: String]) -> (ProviderResult, Hypervisor) {
        let hypervisor = Hypervisor(variables)
        let result = GuestInfo { registers throws(MetadataError) in hypervisor.call(&registers) }.probe()
        return (result, hypervisor)
    }

    @Test func readsVariables() throws {
        let (result, hypervisor) = Self.probe([
            "guestinfo.metadata": "bG9jYWwtaG9zdG5hbWU6IHdlYjEK", "guestinfo.metadata.encoding": "base64",
            "guestinfo.userdata": "#cloud-config\nhostname: x\n",
        ])
        let finding = try #require(result.finding)
        #expect(finding.provider == "VMWARE" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.userText == "#cloud-config\nhostname: x\n")
        #expect(finding.fact("metadata") == "local-hostname: web1")
        #expect(hypervisor.channels.count == 5 && !hypervisor.channels.isOpen)
    }

    @Test func withoutVariablesThereIsNothing() {
        #expect(Self.probe([:]).0 == .absent("no variables guestinfo.metadata and guestinfo.userdata"))
        #expect(Self.probe(["guestinfo.userdata": "---"]).0.finding == nil)
        let odd = Self.probe(["guestinfo.userdata": "x", "guestinfo.userdata.encoding": "rot13"]).0
        #expect(odd == .absent("guestinfo.userdata.encoding 'rot13', expected base64 or gzip+base64"))
    }

    /// Under another hypervisor the instruction would be a fault.
    @Test func noCallIsMadeElsewhere() {
        guard case .absent = GuestInfo().probe() else {
            Issue.record("found variables")
            return
        }
    }

    @Test func aHypervisorThatRefusesIsAbsent() {
        let result = GuestInfo { registers throws(MetadataError) in registers.c = 0 }.probe()
        #expect(result == .absent("VMware's hypervisor refused step 0 of a call"))
    }
}
