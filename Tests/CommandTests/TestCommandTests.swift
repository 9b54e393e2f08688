import Foundation
import TestSupport
import Testing

@testable import moby

/// `moby test` up to the boot; BootTests boot.
@Suite struct TestCommandTests {
    private static let spec = """
        kernel: {image: "a/kernel:1", cmdline: console=ttyS0}
        init: ["a/init:1"]
        services: [{name: nginx, image: "a/nginx:1"}]
        """

    private static func folder<Result>(
        _ files: [String: String], _ body: (String) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { folder in
            for (name, text) in files {
                try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
            return try await body(folder)
        }
    }

    @Test func dryRunPrintsMachinesAndSteps() async throws {
        let test = """
            machine: {format: [iso], firmware: [bios, uefi], memory: 256}
            expect: [up, {name: front page, http: 80}, {metric: {boot: 5s, gcp: 30M}}]
            """
        try await Self.folder(["web.yml": Self.spec, "web.test.yml": test]) { folder in
            let result = try Program.run(["test", "--dry-run", "web.yml"], in: folder)
            #expect(result.error == "")
            #expect(
                result.output == """
                    web
                      machine iso bios 256M
                      machine iso uefi 256M
                      step    up
                      step    front page
                      step    metric
                      step    poweroff clean

                    """)
            #expect(try Program.run(["test", "--dry-run", "web.test.yml"], in: folder).output == result.output)
        }
    }

    /// Errors of all files are reported with their locations, before anything is built.
    @Test func wrongTestFileIsExitCode2() async throws {
        let test = "expect:\n  - upp\n  - service: ngnix\n  - http: {port: 80, stats: 200}\n"
        try await Self.folder(["web.yml": Self.spec, "web.test.yml": test]) { folder in
            for command in [["test"], ["lint"]] {
                let result = try Program.run(command + ["web.test.yml"], in: folder)
                #expect(result.status == 2)
                #expect(result.error.contains("web.test.yml:2:5: error: 'expect[0]' is 'upp', expected one of"))
                #expect(result.error.contains("web.test.yml:4:22: error: unknown key 'stats' in 'expect[2].http'"))
                #expect(result.error.contains("hint: did you mean 'status'?"))
            }
            try "expect: [{service: ngnix}]\n".write(
                toFile: "\(folder)/web.test.yml", atomically: false, encoding: .utf8)
            for command in [["test"], ["lint"]] {
                let result = try Program.run(command + ["web.test.yml"], in: folder)
                #expect(result.status == 2)
                #expect(result.error.contains("web.test.yml:1:10: error: the spec has no service 'ngnix'"))
                #expect(result.error.contains("hint: did you mean 'nginx'?"))
            }
        }
    }

    @Test func keyOfASSHStepMustExist() async throws {
        let test = "expect: [{ssh: {key: ./id_test}}]\n"
        try await Self.folder(["web.yml": Self.spec, "web.test.yml": test]) { folder in
            let result = try Program.run(["test", "web.yml"], in: folder)
            #expect(result.status == 2)
            #expect(result.error.contains("web.test.yml:1:22: error: file '"))
            #expect(result.error.contains("id_test' does not exist"))
            #expect(result.error.contains("hint: create a key: ssh-keygen -t ed25519 -N '' -f ./id_test"))
        }
    }

    /// Reports are written when a test cannot be completed; the others are made.
    @Test func reportsHaveErrors() async throws {
        let files = [
            "web.yml": Self.spec, "web.test.yml": "expect: [{ssh: {key: ./id_test}}]\n", "bad.yml": "nonsense: 1\n",
            "gone.yml": "kernel: {image: \"oci:./none\"}\ninit: [\"oci:./none\"]\n",
        ]
        try await Self.folder(files) { folder in
            for (names, status, message) in [
                (["web.yml"], 2, "id_test' does not exist"), (["bad.yml"], 2, "unknown key 'nonsense'"),
                (["gone.yml"], 1, "none"),
            ] {
                let result = try Program.run(["test", "--json", "--junit", "out/junit.xml"] + names, in: folder)
                #expect(result.status == Int32(status), "\(result.error)")
                #expect(result.output.contains("\"error\"") && result.output.contains(message), "\(result.output)")
                let junit = try TestFile.text("\(folder)/out/junit.xml")
                #expect(junit.contains("<error message=") && junit.contains(message), "\(junit)")
                #expect(result.error.contains(message), "\(result.error)")
            }
        }
    }

    @Test func testFileWithoutItsSpecIsAUsageError() async throws {
        try await Self.folder(["web.test.yml": "expect: [up]"]) { folder in
            let result = try Program.run(["test", "web.test.yml"], in: folder)
            #expect(result.status == 64)
            #expect(result.error.contains("'web.yml', which 'web.test.yml' tests, does not exist"))
            #expect(result.error.contains("moby test SPEC.yml web.test.yml"))
        }
        #expect(try Program.run(["test", "--json", "--tap", "web.yml"]).status == 64)
    }

    @Test func filesAreCombinedAsDocumented() async throws {
        let names = ["a.yml", "b.yml", "b.test.yml", "c.yaml", "c.test.yaml", "d.test.yml"]
        try await Self.folder(Dictionary(uniqueKeysWithValues: names.map { ($0, "") })) { (folder: String) throws in
            func pairs(_ names: [String], merge: Bool = false) throws -> [String] {
                try TestInput.pairs(names.map { "\(folder)/\($0)" }, merge: merge).map { pair in
                    (pair.specs + [pair.test ?? "-"]).map { $0.replacing("\(folder)/", with: "") }
                        .joined(separator: " ")
                }
            }
            #expect(try pairs(["a.yml"]) == ["a.yml -"])
            #expect(try pairs(["b.yml"]) == ["b.yml b.test.yml"])
            #expect(try pairs(["b.test.yml"]) == ["b.yml b.test.yml"])
            #expect(try pairs(["c.test.yaml"]) == ["c.yaml c.test.yaml"])
            #expect(try pairs(["a.yml", "d.test.yml"]) == ["a.yml d.test.yml"])
            #expect(
                try pairs(["a.yml", "b.yml", "b.test.yml", "c.test.yaml"]) == [
                    "a.yml -", "b.yml b.test.yml", "c.yaml c.test.yaml",
                ])
            #expect(try pairs(["a.yml", "b.yml"], merge: true) == ["a.yml b.yml b.test.yml"])
            #expect(throws: UsageError.self) { try pairs(["d.test.yml"]) }
            #expect(throws: UsageError.self) { try pairs(["a.yml", "b.test.yml", "c.test.yaml"], merge: true) }
        }
    }

    @Test func schemaOfTestsIsPrinted() throws {
        let schema = try Program.run(["schema", "--test"])
        #expect(schema.output.contains("\"$id\": \"urn:moby:schema:test:1\""))
        #expect(schema.output.contains("\"qcow2-efi\""))
        #expect(!schema.output.contains("\"rpi3\""))
        let page = try Program.run(["schema", "--test", "--markdown"]).output
        let committed = try TestFile.text("\(Program.root)/docs/test-spec.md")
        #expect(page == committed)
    }
}
