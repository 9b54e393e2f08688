import TestSupport
import Testing

/// `moby lint` as pipelines use it; nothing here has images in the store.
struct LintCommandTests {
    private static let good = """
        kernel: {image: "example.invalid/kernel:1"}
        init: ["example.invalid/init:1"]
        services: [{name: web, image: "example.invalid/web:1"}]

        """
    private static let files = [
        "good": good, "warns": good + "files: [{path: a, contents: a}, {path: a, contents: b}]\n",
        "wrong": good + "nonsense: 1\n",
        "left": good + "files: [{path: a, source: /none, optional: true}]\n",
    ]
    private static let absent =
        "note: 3 images are not in the store and were not checked: 'example.invalid/init:1', 'example.invalid/kernel:1', 'example.invalid/web:1'"

    /// Arguments, exit code, what standard error has and what it has not.
    private static let cases: [(arguments: [String], status: Int32, has: [String], hasNot: [String])] = [
        (["good.yml"], 0, [absent], ["warning:", "error:"]),
        (["good.yml", "warns.yml"], 0, [absent, "warns.yml:4:"], ["error:"]),
        (["-q", "warns.yml"], 0, [], ["warning:", "note:"]),
        (["--strict", "warns.yml"], 2, ["warns.yml:4:33: error:"], ["warning:"]),
        (["-q", "wrong.yml", "warns.yml"], 2, ["wrong.yml:4:1: error:"], ["warning:"]),
        (["left.yml"], 0, ["note: left out: '/a'"], []),
        (["none.yml", "warns.yml", "good.yml"], 1, ["error: read 'none.yml'", "warns.yml:4:"], []),
        (
            ["none.yml", "wrong.yml", "also.yml"], 2,
            ["error: read 'none.yml'", "error: read 'also.yml'", "wrong.yml:4:1: error:"], []
        ),
    ]

    @Test(arguments: cases.indices) func exitCodesAndWhatIsSaid(index: Int) async throws {
        let (arguments, status, has, hasNot) = Self.cases[index]
        try await withTemporaryDirectory { folder in
            for (name, text) in Self.files { try TestFile.write(text, to: "\(folder)/\(name).yml") }
            let paths = arguments.map { $0.hasPrefix("-") ? $0 : "\(folder)/\($0)" }
            let result = try Program.run(["lint", "--cache", folder + "/cache"] + paths)
            let error = result.error.replacing("\(folder)/", with: "")
            #expect(result.status == status, "\(error)")
            for text in has { #expect(error.contains(text), "\(error)") }
            for text in hasNot { #expect(!error.contains(text), "\(error)") }
            // What is absent is said once for all files.
            #expect(error.split(separator: "not in the store", omittingEmptySubsequences: false).count <= 2)
        }
    }
}
