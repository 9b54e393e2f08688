internal import ArgumentParser
internal import Extents
internal import MobyRun

struct MachineConsole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Use the console of a machine in the background.",
        discussion: HelpText.discussion(
            "Ctrl-] leaves the console, and the machine runs on. One terminal at a time. Without a terminal, standard input goes to the "
                + "machine, and its end leaves the console.",
            examples: ["moby console web"], page: "docs/running.md#machines-in-the-background"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var target: MachineArgument

    func run() throws {
        let machine = try target.entry()
        let console = try ConsoleConnection(machine)
        Terminal.error("moby: the console of '\(PlainText.short(machine.name))'; leave it with Ctrl-]")
        switch try console.relay() {
        case .left: Terminal.error("\nmoby: left the console; the machine runs on")
        case .ended: Terminal.error("\nmoby: the machine ended")
        }
    }
}
