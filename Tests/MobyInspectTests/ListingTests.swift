import Archive
import Extents
import Testing

@testable import MobyInspect

/// How files are listed for people.
struct ListingTests {
    /// The letters of ls(1).
    @Test(arguments: [
        (0o644, "rw-r--r--"), (0o755, "rwxr-xr-x"), (0o6755, "rwsr-sr-x"), (0o4755, "rwsr-xr-x"), (0o2755, "rwxr-sr-x"),
        (0o1777, "rwxrwxrwt"), (0o1776, "rwxrwxrwT"), (0o4644, "rwSr--r--"), (0o2644, "rw-r-Sr--"),
        (0o7000, "--S--S--T"), (0, "---------"),
    ])
    func specialBitsAreShown(mode: Int, letters: String) throws {
        let file = Volume.File(path: try #require(TreePath("bin/su".utf8)), kind: .regular, size: 7, mode: UInt16(mode))
        #expect(file.line(in: "initrd") == "-\(letters) 0 0 7 initrd:/bin/su")
    }

    @Test(arguments: [
        (0, "0 bytes"), (1, "1 byte"), (9_999, "9,999 bytes"), (8192, "8,192 bytes"),
        (40 << 20, "41.9 MB (41,943,040 bytes)"),
        (45_312, "45.3 kB (45,312 bytes)"),
        (13_662_796, "13.7 MB (13,662,796 bytes)"),
    ])
    func sizesHaveMegabytesAndBytes(bytes: Int, text: String) {
        #expect(SizeText.exact(UInt64(bytes)) == text)
    }
}
