import Foundation
import JSON
import TestSupport
import Testing

@testable import Attest

/// Documents, judged by the tools of those who wrote the standards.
@Suite struct DocumentTests {
    private static var bill: Bill {
        var libc = SoftwarePackage(.deb, name: "libc6", version: "2.36-9+deb12u14")
        libc.architecture = "amd64"
        libc.distribution = .init(id: "debian", version: "12")
        libc.licence = LicenceExpression(spdx: "LGPL-2.1-or-later AND odd", scope: "Debian")
        libc.sha256 = String(repeating: "ab", count: 32)
        libc.homepage = "https://www.gnu.org/software/libc/libc.html"
        let module = SoftwarePackage(.golang, name: "golang.org/x/sys", version: "v0.1.0")
        func image(_ name: String, _ packages: [SoftwarePackage]) -> Bill.Component {
            Bill.Component(
                reference: "docker.io/library/\(name):1", repository: "docker.io/library/\(name)", tag: "1",
                digest: "sha256:" + String(repeating: "0", count: 64), architecture: "amd64",
                labels: ["org.opencontainers.image.licenses": "BSD-2-Clause"], packages: packages,
                uses: ["services: \(name)"])
        }
        return Bill(
            name: "web", created: 1_700_000_000, tool: "moby-1.0.0",
            images: [image("nginx", [libc, module]), image("redis", [libc])], content: String(repeating: "c", count: 64)
        )
    }

    /// The Python of the validators, which `make test-deps` installs.
    private static func python(_ script: String, _ json: JSONValue) async throws -> String {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/document.json"
            try Data(json.text(indent: 2).utf8).write(to: URL(filePath: path))
            let answer = try await Oracle("\(Program.root)/.build/tools/sbom/bin/python").run(["-c", script, path])
            try #require(answer.succeeded, "\(answer.text)\(answer.complaint)")
            return answer.text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    @Test func spdxIsValid() async throws {
        let script = """
            import sys
            from spdx_tools.spdx.parser.parse_anything import parse_file
            from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
            document = parse_file(sys.argv[1])
            for message in validate_full_spdx_document(document): print(message.validation_message)
            print(len(document.packages), len(document.relationships), len(document.extracted_licensing_info))
            """
        #expect(try await Self.python(script, Self.bill.spdx) == "5 6 1")
    }

    @Test func spdxHasTheMinimumElements() async throws {
        let script = """
            import sys
            from ntia_conformance_checker import SbomChecker
            checker = SbomChecker(sys.argv[1])
            print(checker.compliant)
            """
        #expect(try await Self.python(script, Self.bill.spdx).hasSuffix("True"))
    }

    @Test func cycloneDXIsValid() async throws {
        let script = """
            import sys
            from cyclonedx.schema import SchemaVersion
            from cyclonedx.validation.json import JsonStrictValidator
            print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))
            """
        #expect(try await Self.python(script, Self.bill.cycloneDX) == "None")
    }

    @Test func provenanceIsValid() async throws {
        let provenance = Provenance(
            parameters: .object([("spec", .string("init: []\n"))]),
            dependencies: [.init(name: "nginx", uri: "pkg:oci/nginx", sha256: String(repeating: "0", count: 64))],
            version: "1.0.0")
        let statement = provenance.statement(about: [
            .init(name: "web.iso", sha256: String(repeating: "1", count: 64))
        ])
        let script = """
            import json, sys
            from google.protobuf import json_format
            import in_toto_attestation.v1.statement as statement
            import in_toto_attestation.predicates.provenance.v1.provenance_pb2 as provenance
            from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
            text = json.load(open(sys.argv[1]))
            found = statement.Statement.copy_from_pb(json_format.ParseDict(text, statement.spb.Statement()))
            found.validate()
            predicate = json_format.ParseDict(text["predicate"], provenance.Provenance())
            for dependency in predicate.build_definition.resolved_dependencies:
                ResourceDescriptor.copy_from_pb(dependency).validate()
            print(found.pb.subject[0].name, predicate.run_details.builder.id)
            """
        #expect(try await Self.python(script, statement.json) == "web.iso https://mobyproject.org/moby")
    }

    @Test func timesAreOfTheGregorianCalendar() {
        func text(_ time: UInt64) -> String {
            Bill(name: "", created: time, tool: "", images: [], content: "").createdText
        }
        #expect(text(0) == "1970-01-01T00:00:00Z")
        #expect(text(951_782_399) == "2000-02-28T23:59:59Z")
        #expect(text(951_868_799) == "2000-02-29T23:59:59Z")
        #expect(text(1_700_000_000) == "2023-11-14T22:13:20Z")
        #expect(text(4_354_819_199) == "2107-12-31T23:59:59Z")
    }

    /// One package of two images is one element; another version is another document.
    @Test func documentsAreOfTheirContents() {
        let first = Self.bill
        #expect(first.spdx["packages"]?.array?.count == 5)
        #expect(first.spdx == Self.bill.spdx)
        var second = first
        second.images[1].packages[0].version = "2"
        #expect(first.spdx["documentNamespace"] != second.spdx["documentNamespace"])
        #expect(first.cycloneDX["serialNumber"] != second.cycloneDX["serialNumber"])
    }
}
