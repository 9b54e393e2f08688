internal import DiskImage
internal import Extents

extension OutputFormat {
    /// A CD image that boots by itself.
    static func disc(_ name: String, _ summary: String, _ firmware: Firmware, _ suffix: String) -> OutputFormat {
        OutputFormat(name, summary, firmware: firmware, medium: .iso, suffixes: [suffix]) { boot, request in
            [Artifact(name: request.file(suffix), .extents(try BootDisc(boot, request, firmware).image()))]
        }
    }
}
