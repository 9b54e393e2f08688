import Foundation
import TestSupport
import Testing

/// Every format, by the real program, in worlds that must not matter.
struct FormatPropertiesTests {
    struct Row: Decodable {
        let name: String
        let files: [String]
        let firmware: String
        let medium: String
    }

    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// A folder with what the program wrote: all formats in one run.
    private struct World {
        let folder: String
        let cache: String

        /// - Parameter shell: what a shell does before it becomes the program, whose path is `$0`.
        func build(_ rows: [Row], shell: String, environment: [String: String] = [:]) throws {
            let arguments = [
                try Program.path(), "build", "--quiet", "--cache", cache, "--name", "m", "--dir", folder + "/m",
                "--size", "512",
                "--format", rows.map(\.name).joined(separator: ","), Program.root + "/examples/minimal.yml",
            ]
            let ended = try EndedProcess(
                "/bin/sh", ["-c", shell] + arguments, folder: folder, environment: environment)
            guard ended.status == 0 else { throw Problem(description: ended.complaint) }
        }

        /// Which files the build says are of a format.
        func paths(_ row: Row) throws -> [String] {
            let text = try Data(contentsOf: URL(filePath: folder + "/m/m-build.json"))
            return try JSONDecoder().decode(Summary.self, from: text).files.filter { $0.format == row.name }.map {
                "\(folder)/m/\($0.name)"
            }
        }

        private struct Summary: Decodable {
            struct File: Decodable {
                let name: String
                let format: String
            }

            let files: [File]
        }

        /// A store with the images of another, and none of its encoded segments.
        static func emptyHanded(beside cache: String) throws -> String {
            let folder = "\(cache)-of-test-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // Only a regular file marks a store.
            let mark = "moby-store"
            try FileManager.default.copyItem(atPath: "\(cache)/\(mark)", toPath: "\(folder)/\(mark)")
            for name in try TestFile.names(in: cache)
            where !["segments", "tmp", mark].contains(name) {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/\(name)", withDestinationPath: "\(cache)/\(name)")
            }
            return folder
        }
    }

    private static func rows() throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(Program.moby(["formats", "--json"]).utf8))
    }

    /// Time zone, locale, umask, home, folder, number of processors and what the cache has: the same bytes. Then what
    /// is in them.
    @Test(.timeLimit(.minutes(5))) func theWorldDoesNotMatter() async throws {
        try await withTemporaryDirectory { folder in
            for name in ["here", "there and elsewhere"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            let rows = try Self.rows()
            #expect(rows.count >= 20)
            let first = World(folder: folder + "/here", cache: Program.cache)
            try first.build(rows, shell: #"exec "$0" "$@""#, environment: ["TZ": "UTC", "LC_ALL": "C"])
            let second = World(
                folder: folder + "/there and elsewhere", cache: try World.emptyHanded(beside: Program.cache))
            defer { try? FileManager.default.removeItem(atPath: second.cache) }
            try second.build(
                rows, shell: #"umask 077; exec taskset -c 0 "$0" "$@""#,
                environment: [
                    "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "HOME": "/nonexistent",
                    "USER": "other",
                ])
            var compared = 0
            for row in rows {
                let paths = try first.paths(row)
                #expect(paths.count == row.files.count, "\(row.name)")
                for (one, other) in zip(paths, try second.paths(row)) {
                    let answer = try await Oracle("cmp").run([one, other])
                    #expect(answer.succeeded, "\(row.name): \(answer.text)\(answer.complaint)")
                    compared += 1
                }
                try await check(row, paths)
            }
            #expect(compared >= rows.count)
        }
    }

    /// What the program finds in a file.
    private struct Part: Decodable {
        struct File: Decodable {
            let path: String
        }

        let kind: String
        let size: UInt64
        let name: String?
        let facts: [String: String]?
        let files: [File]?
        let parts: [Part]?

        var all: [Part] { [self] + (parts ?? []).flatMap(\.all) }
    }

    private func check(_ row: Row, _ paths: [String]) async throws {
        var found: [Part] = []
        for path in paths {
            let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64)
            let part = try JSONDecoder().decode(Part.self, from: Data(Program.moby(["inspect", "--json", path]).utf8))
            #expect(part.size == size, "\(row.name)")
            found += part.all
            // 64 MiB are more than kernel and initrd; the disk is the rest.
            let allocated = try allocated(path)
            if row.medium == "disk" { #expect(allocated < 64 << 20, "\(row.name): \(allocated) bytes on disk") }
        }
        let files = Set(found.flatMap { $0.files ?? [] }.map(\.path))
        let kinds = Set(found.map(\.kind))
        let bios =
            files.contains("/LDLINUX.SYS") || found.contains { $0.kind == "El Torito entry" && $0.name == "BIOS" }
        let uefi = files.contains("/EFI/BOOT/BOOTX64.EFI") || kinds.contains("unified kernel image")
        #expect(
            (bios ? ["BIOS"] : []) + (uefi ? ["UEFI"] : [])
                == row.firmware.split(separator: ", ").filter { $0 != "-" }.map(String.init))
        #expect(
            kinds.contains(row.medium == "archive" ? "tar archive" : "segment"), "\(row.name): \(kinds.sorted())")
        if row.medium != "archive" { #expect(kinds.contains("Linux kernel"), "\(row.name): \(kinds.sorted())") }
    }

    private func allocated(_ path: String) throws -> UInt64 {
        var info = stat()
        guard stat(path, &info) == 0 else { throw Problem(description: "no \(path)") }
        return UInt64(info.st_blocks) * 512
    }
}
