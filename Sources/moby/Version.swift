internal import ArgumentParser

struct Version: ParsableCommand {
    static let text = "0.1.0"

    static let configuration = CommandConfiguration(abstract: "Print the version.", usage: "moby version [--short]")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print the number only.") var short = false

    func run() {
        print(short ? Self.text : "moby version \(Self.text)")
    }
}
