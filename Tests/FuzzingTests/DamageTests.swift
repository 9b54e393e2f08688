import Extents
import Fuzzing
import Testing

struct DamageTests {
    private static let artifact = ExtentList([
        .bytes((0..<4096).map { $0 % 3 == 0 ? 0 : UInt8(truncatingIfNeeded: $0) }), .hole(1 << 15),
        .bytes((0..<3000).map { UInt8(truncatingIfNeeded: $0 % 5) }),
    ])

    @Test func aSeedHasOneVersion() throws {
        let (damage, other) = (try Damage(Self.artifact), try Damage(Self.artifact))
        let whole = try ExtentReader.bytes(of: Self.artifact)
        var (same, shorter) = (0, 0)
        for seed in 0..<200 as Range<UInt64> {
            let version = try ExtentReader.bytes(of: damage.version(seed))
            let again = try ExtentReader.bytes(of: other.version(seed)) == version
            #expect(again)
            #expect(version.count <= whole.count)
            same += version == whole ? 1 : 0
            shorter += version.count < whole.count ? 1 : 0
        }
        // An edit may write what is there already.
        #expect(same < 50 && (10..<60).contains(shorter))
    }

    /// Most edits hit where there are structures, a sixth of this artifact.
    @Test func structuresAreHitMost() throws {
        let damage = try Damage(Self.artifact)
        let whole = try ExtentReader.bytes(of: Self.artifact)
        var (within, all) = (0, 0)
        for seed in 0..<100 as Range<UInt64> {
            let version = try ExtentReader.bytes(of: damage.version(seed))
            guard version.count == whole.count else { continue }
            for (position, pair) in zip(version, whole).enumerated() where pair.0 != pair.1 {
                all += 1
                within += position < 4096 || position >= 4096 + (1 << 15) ? 1 : 0
            }
        }
        #expect(all > 100 && within * 10 > all * 7)
    }

    @Test func nothingIsDamagedToo() throws {
        let damage = try Damage(ExtentList())
        for seed in 0..<20 as Range<UInt64> { #expect(damage.version(seed).length == 0) }
    }
}
