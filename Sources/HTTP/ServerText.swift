/// Words that came over the network, made fit for a terminal.
package enum ServerText {
    /// One line of at most 200 characters, without control characters.
    package static func line(_ text: some StringProtocol) -> String {
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        let cut = line.prefix(200)
        return String(cut).trimmingWhitespace() + (cut.count < line.count ? "…" : "")
    }
}
