internal import BootLayout
internal import JSON
internal import MobySpec
internal import OCI

extension FuzzTarget {
    static let texts = [
        FuzzTarget("yaml") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let source = SpecReader.Source(name: "fuzz", text: text, folder: "/nowhere")
            do {
                _ = try SpecReader.read([source]) { _ in "localhost/moby/a:1" }.spec.yaml
            } catch let error as SpecError {
                _ = DiagnosticRenderer(sources: ["fuzz": text]).render(error.diagnostics)
                throw error
            }
        },
        FuzzTarget("lock") { bytes in
            let text = try LockReader.read(String(decoding: bytes, as: UTF8.self), file: "a.lock.yml").text(of: ["a"])
            let again = try LockReader.read(text, file: "a.lock.yml").text(of: ["a"])
            precondition(again == text, "what is written is read as something else")
        },
        FuzzTarget("label") { bytes in _ = try SpecReader.label(String(decoding: bytes, as: UTF8.self), of: "a") },
        FuzzTarget("reference") { bytes in
            let reference = try ImageReference(String(decoding: bytes, as: UTF8.self))
            let again = try ImageReference(reference.description)
            precondition(again.description == reference.description, "'\(reference)' is read as another")
        },
        FuzzTarget("json") { bytes in
            let value = try JSONValue(parsing: bytes)
            let again = try JSONValue(parsing: Array(value.text().utf8))
            precondition(again == value, "what is written is read as something else")
            _ = try RuntimeRecord(value)
        },
    ]
}
