import TestSupport
import Testing

/// Specs as the program reads them: from standard input, with marks, with sections that do nothing here.
struct SpecInputTests {
    private static let spec = "kernel: {image: \"acme/kernel:1\"}\ninit: [\"acme/init:1\"]\n"

    @Test(
        arguments: [
            (
                [], spec + "trust: {org: [acme]}\n", 0,
                "signatures are not verified, although 'trust' asks for it: organization 'acme'"
            ),
            (["-disable-content-trust"], spec + "trust: {org: [acme]}\n", 0, ""), ([], "\u{FEFF}" + spec, 0, ""),
            ([], "", 2, "<stdin>:1:1: error: the file is empty"), ([], "# nothing\n", 2, "the file is empty"),
            ([], "kernel:\n  cmdline: |\n    a\n    b\n", 2, "<stdin>:2:12: error: 'kernel.cmdline' has several lines"),
            (
                [], "init: [\"@pkg:no-such-folder\"]", 2,
                "'@pkg:no-such-folder' cannot be resolved: read 'no-such-folder': No such file or directory"
            ),
        ] as [([String], String, Int, String)])
    func standardInputIsRead(options: [String], text: String, status: Int, message: String) throws {
        let result = try Program.run(["build", "--dry-run"] + options + ["-"], input: text)
        #expect(result.status == Int32(status), "\(result.error)")
        #expect(message.isEmpty ? result.error.isEmpty : result.error.contains(message), "\(result.error)")
    }

    /// What the editor gets: the formats that this program makes are the ones of `outputs`.
    @Test func schemaKnowsTheFormats() throws {
        let schema = try Program.run(["schema"])
        #expect(schema.status == 0 && schema.output.contains("\"kernel+initrd\",\n"), "\(schema.output.prefix(200))")
    }
}
