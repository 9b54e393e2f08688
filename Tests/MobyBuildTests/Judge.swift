import Extents
import TestSupport

@testable import MobyBuild

extension Segment {
    /// What `cpio` lists of it: mode, links, owner, size, time and name of each entry.
    var listing: String {
        get throws {
            let bytes = try ExtentReader.bytes(of: self.bytes)
            let tool =
                bytes.starts(with: [0x1F, 0x8B]) ? "gzip -dc" : bytes.starts(with: [0x28, 0xB5]) ? "zstd -dc" : "cat"
            return try Oracle("sh").output(["-c", "\(tool) | cpio -itvn --quiet"], input: bytes)
        }
    }
}
