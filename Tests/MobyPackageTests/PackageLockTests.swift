import MobySpec
import Testing

@testable import MobyPackage

@Suite struct PackageLockTests {
    private static let digest = String(repeating: "0a", count: 32)

    @Test func textComesBack() throws {
        var lock = PackageLock()
        lock.closures["arm64"] = .init(wants: ["b"], packages: [])
        lock.closures["amd64"] = .init(
            wants: ["x", "-perl*"],
            packages: [
                LockedPackage(name: "x", version: "1:2.3-4+deb12u1", architecture: "amd64", sha256: Self.digest),
                LockedPackage(name: "a", version: "1", architecture: "all", sha256: Self.digest),
            ])
        #expect(
            lock.text == """
                # The Debian packages of this image, written by 'moby pkg lock'. Commit this file.
                amd64 wants x -perl*
                amd64 a 1 all \(Self.digest)
                amd64 x 1:2.3-4+deb12u1 amd64 \(Self.digest)
                arm64 wants b

                """)
        #expect(try PackageLock(lock.text, file: "build.lock") == lock)
    }

    @Test(arguments: [
        "amd64 x 1 amd64", "amd64 x 1 amd64 abc", "arm64 x 1 arm64 \(digest)", "amd64 x 1 amd64 \(digest) more",
    ])
    func badLineIsTold(line: String) {
        let error = #expect(throws: SpecError.self) { try PackageLock("amd64 wants x\n\(line)\n", file: "build.lock") }
        #expect(error?.diagnostics.map { $0.location?.description } == ["build.lock:2:1"])
        #expect(error?.diagnostics.first?.message.contains("'\(line)'") == true)
    }

    @Test(arguments: [
        ("'http://host/x.deb' libc6_2.36-9%2bdeb12u14_amd64.deb 275 SHA256:0", "libc6", "2.36-9+deb12u14", "amd64"),
        ("'file:/x/y.deb' dhcp_1%3a9.4.1-24~deb12u5_all.deb 19", "dhcp", "1:9.4.1-24~deb12u5", "all"),
    ])
    func printedNameIsRead(line: String, name: String, version: String, architecture: String) {
        let package = AptResolver.package(printed: line[...])
        #expect(package == LockedPackage(name: name, version: version, architecture: architecture, sha256: ""))
    }
}
