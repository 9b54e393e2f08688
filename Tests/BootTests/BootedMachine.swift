import Foundation
import MobyRun
import TestSupport

/// A built spec, started in QEMU under emulation, driven through its console.
struct BootedMachine {
    let machine: MachineHandle

    /// Builds a spec into a folder and starts it.
    /// - Parameter ports: as `--publish` has them.
    static func start(
        spec: String, in folder: String, memory: Int = 512, ports: [String] = [], environment: [String: String] = [:]
    ) throws -> BootedMachine {
        try Program.moby(["build", "--dir", folder, spec], environment: environment)
        let name = URL(filePath: spec).deletingPathExtension().lastPathComponent
        return BootedMachine(
            machine: try GuestMachine.bootToInit {
                try GuestMachine.boot("\(folder)/\(name)", cpus: 2, memory: memory, ports: ports) {
                    $0.accelerator = .fixed(.tcg)
                }
            })
    }

    /// Types a command into the console's root shell.
    /// - Parameter mark: a number used once in a machine. The shell computes with it, so that the echo of the command
    ///   is not treated as its end.
    /// - Returns: what the command printed.
    @discardableResult
    func shell(_ command: String, mark: Int, within limit: Duration = .seconds(60)) throws -> String {
        let end = "mark-\(mark * 7)-end"
        try machine.type("\(command); echo mark-$((\(mark) * 7))-end\n")
        _ = try machine.line(containing: end, within: limit)
        let text = machine.console
        guard let echo = text.range(of: "\(mark) * 7))-end"),
            let close = text.range(of: end, range: echo.upperBound..<text.endIndex)
        else {
            return text
        }
        return String(text[echo.upperBound..<close.lowerBound])
    }
}
