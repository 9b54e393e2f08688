import TestSupport
import Testing

@testable import GuestInit

struct KernelSettingsTests {
    private static let settings = KernelSettings(values: [("kernel/panic", "10"), ("fs/file-max", "7")])

    @Test func writesWhatTheCommandLineLeavesOpen() throws {
        let folder = try TemporaryFolder()
        try folder.write("kernel/panic", "0")
        try folder.write("fs/file-max", "0")
        var reports: [String] = []
        Self.settings.apply(KernelCommandLine("panic=5"), in: folder.path) { reports.append($0) }
        #expect(try folder.read("kernel/panic") == Array("0".utf8))
        #expect(try folder.read("fs/file-max").first == UInt8(ascii: "7"))
        #expect(reports.isEmpty)
    }

    @Test func aKernelMayLackASetting() throws {
        let folder = try TemporaryFolder()
        try folder.write("fs/file-max", "0")
        var reports: [String] = []
        Self.settings.apply(KernelCommandLine(""), in: folder.path) { reports.append($0) }
        #expect(reports.isEmpty)
        #expect(try folder.read("fs/file-max").first == UInt8(ascii: "7"))
    }

    @Test func otherFailuresAreReported() throws {
        let folder = try TemporaryFolder()
        try folder.write("fs/file-max/x", "")
        try folder.write("kernel/panic", "0")
        var reports: [String] = []
        Self.settings.apply(KernelCommandLine(""), in: folder.path) { reports.append($0) }
        #expect(reports == ["opening '\(folder.path)/fs/file-max': Is a directory"])
    }
}
