import Foundation
import TestSupport
import Testing

/// libcurl is loaded at the first URL, and only then.
struct CurlLibraryTests {
    @Test(arguments: [["--version"], ["formats"], ["lint", "examples/minimal.yml"]])
    func commandsWithoutNetworkDoNotLoadIt(arguments: [String]) throws {
        let result = try Program.run(arguments, environment: ["LD_DEBUG": "files"])
        // The dynamic linker reports on standard error.
        #expect(result.error.contains("libc.so.6"))
        #expect(!result.error.contains("libcurl"), "\(result.error)")
    }

    /// A file that is not a library comes before the system's.
    @Test(arguments: [
        ["lint", "https://user:secret@localhost:1/web.yml"], ["cache", "pull", "localhost:1/web:1"],
    ])
    func aMissingLibraryNamesThePackage(arguments: [String]) async throws {
        try await withTemporaryDirectory { folder in
            for name in ["libcurl.so.4", "libcurl-gnutls.so.4"] {
                try "".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            let result = try Program.run(
                arguments, environment: ["LD_LIBRARY_PATH": folder, "MOBY_CACHE": folder + "/cache"])
            #expect(result.status == 1)
            #expect(
                result.error.contains("loading libcurl: ") && result.error.contains("libcurl.so.4"), "\(result.error)")
            #expect(result.error.contains("hint: install libcurl (Debian, Ubuntu: libcurl4;"), "\(result.error)")
            #expect(!result.error.contains("secret"), "\(result.error)")
        }
    }
}
