import TestSupport
import Testing

@testable import MobySpec

/// Texts that no one would write: the reader says what is wrong with them, and never falls over.
@Suite struct FuzzTests {
    private static let pieces: [String] = [
        "- ", ": ", "\n", "  ", "\t", "{", "}", "[", "]", "\"", "'", "&a ", "*a", "<<: *a", "!!int ", "!x ", "|\n",
        ">-\n", "# ", "---\n",
        "...\n", "@pkg:a", "%YAML 1.1\n",
        "null", "0644", "-1", "99999999999999999999", "\u{0}", "\u{FEFF}", "\u{2028}", "é", "𝄞", "name: ", "image: ",
        "binds: ", "\\u00",
        "? ", "\r",
    ]

    @Test(arguments: 0..<8) func mutatedFilesAreReadOrTold(_ seed: Int) throws {
        var dice = Numbers(UInt64(seed))
        let texts = try Golden.inputs("specs").map { Array(try Golden.text("specs/\($0).yml").unicodeScalars) }
        var read = 0
        for _ in 0..<30 {
            var scalars = texts.randomElement(using: &dice) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &dice) { mutate(&scalars, &dice) }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let text = String(view)
            let source = SpecReader.Source(name: "fuzz", text: text, folder: "/nowhere")
            do {
                let spec = try SpecReader.read([source]) { _ in "localhost/moby/a:1" }.spec
                #expect(try Reading.spec(spec.yaml).yaml == spec.yaml)
                read += 1
            } catch let error as SpecError {
                #expect(error.diagnostics.contains { $0.severity == .error })
                #expect(!DiagnosticRenderer(sources: ["fuzz": text]).render(error.diagnostics).isEmpty)
            }
        }
        // Neither all good nor all bad, else it tests little.
        #expect(read > 0 && read < 30)
    }

    /// A file cut short anywhere, as an editor or a full disk leaves it.
    @Test func filesCutShortAreReadOrTold() throws {
        let text = try Golden.text("specs/platform-gcp.yml")
        let scalars = text.unicodeScalars
        for length in stride(from: 0, to: scalars.count, by: 17) {
            let start = String(scalars.prefix(length))
            for fault in Reading.faults(start) {
                #expect(fault.location.map { $0.line >= 1 && $0.column >= 1 } ?? true)
            }
        }
    }

    private func mutate(_ scalars: inout [Unicode.Scalar], _ dice: inout Numbers) {
        let place = Int.random(in: 0...scalars.count, using: &dice)
        let end = min(scalars.count, place + Int.random(in: 0...12, using: &dice))
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: scalars.removeSubrange(place..<end)
        case 1: scalars.insert(contentsOf: (Self.pieces.randomElement(using: &dice) ?? "").unicodeScalars, at: place)
        case 2: scalars.insert(contentsOf: scalars[place..<end], at: Int.random(in: 0...scalars.count, using: &dice))
        default:
            scalars.replaceSubrange(place..<end, with: (Self.pieces.randomElement(using: &dice) ?? "").unicodeScalars)
        }
    }
}
