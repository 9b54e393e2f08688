import Testing

@testable import MobyPackage

/// The mirror of Debian among the machine's sources.
struct DebianMirrorTests {
    @Test(
        arguments: [
            (
                "http://m.test/debian/ trixie\nhttp://m.test/debian/ trixie-updates\nhttp://s.test/security/ trixie-security\n",
                "http://m.test/debian http://s.test/security"
            ),
            // Other vendors' sources come first, and security updates are not configured.
            (
                "https://a.test/node nodistro\nhttps://m.test/pub/debian sid\n",
                "https://m.test/pub/debian https://m.test/pub/debian-security"
            ),
            ("http://u.test/ubuntu/ noble\nhttp://u.test/ubuntu/ noble-security\n", nil), ("", nil),
            ("http://m.test/debian/\nnonsense\n", nil),
        ] as [(String, String?)])
    func isFoundAmongTheMachinesSources(targets: String, expected: String?) {
        let mirror = DebianMirror(targets: targets)
        #expect(mirror.map { "\($0.archive) \($0.security)" } == expected)
    }

    @Test(arguments: ["http://m.test/debian", "http://m.test/debian/"]) func fillsSources(archive: String) {
        #expect(
            DebianMirror(archive: archive).fill("URIs: {archive}\nURIs: {security}\n")
                == "URIs: http://m.test/debian\nURIs: http://m.test/debian-security\n")
    }
}
