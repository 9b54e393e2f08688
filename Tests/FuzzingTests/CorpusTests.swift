import Foundation
import Fuzzing
import TestSupport
import Testing

/// What fuzzing starts from and what it has found: read as it is, cut short anywhere, and changed in places.
struct CorpusTests {
    private static let folder = Program.root + "/Tests/FuzzingTests/Corpus"

    private func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = "\(Self.folder)/\(target.name)"
        return try TestFile.names(in: folder).map {
            ($0, try TestFile.read("\(folder)/\($0)"))
        }
    }

    /// Those that broke something once are named for the error, with `fixed-` before; all others are sound.
    @Test(arguments: FuzzTarget.all.map(\.name)) func soundInputsAreRead(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let inputs = try inputs(target)
        #expect(inputs.contains { !$0.name.hasPrefix("fixed-") })
        for (name, bytes) in inputs {
            let complaint = target.complaint(about: bytes)
            #expect(complaint == nil || name.hasPrefix("fixed-"), "\(target.name)/\(name)")
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name)) func damageIsToldOrRead(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        var (complaints, count) = (0, 0)
        for (_, bytes) in try inputs(target) {
            for version in try Damage.versions(of: bytes, 60) {
                count += 1
                complaints += target.complaint(about: version) == nil ? 0 : 1
            }
        }
        #expect(complaints > 0 && count > 0)
    }

    @Test func theCorpusIsSmall() throws {
        let bytes = try FuzzTarget.all.flatMap { try inputs($0) }.reduce(0) { $0 + $1.bytes.count }
        #expect(bytes < 250_000)
        #expect(
            Set(try TestFile.names(in: Self.folder)) == Set(FuzzTarget.all.map(\.name)))
    }
}
