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

        func paths(_ build: String) -> [String] { files.map { build + $0.dropFirst() } }
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// A folder with what the program wrote: one folder for each group of formats whose files have different names.
    private struct World {
        let folder: String
        let cache: String

        /// - Parameter shell: what a shell does before it becomes the program, whose path is `$0`.
        func build(_ groups: [[Row]], shell: String, environment: [String: String] = [:]) throws {
            for (index, group) in groups.enumerated() {
                let arguments = [
                    try Program.path(), "build", "--quiet", "--cache", cache, "--name", "m", "--dir", "\(folder)/\(index)", "--size", "512",
                    "--format", group.map(\.name).joined(separator: ","), Program.root + "/examples/minimal.yml",
                ]
                let ended = try EndedProcess(
                    "/bin/sh", ["-c", shell] + arguments, input: "/dev/null", folder: folder, environment: environment)
                guard ended.status == 0 else { throw Fault(description: "\(group.map(\.name)): \(ended.complaint)") }
            }
        }

        /// A store with the images of another, and none of its encoded segments.
        static func emptyHanded(beside cache: String) throws -> String {
            let folder = "\(cache)-of-test-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: cache) where !["segments", "tmp"].contains(name) {
                try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(cache)/\(name)")
            }
            return folder
        }
    }

    private static func rows() throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(Program.moby(["formats", "--json"]).utf8))
    }

    /// As few groups as can be without two formats that write a file of one name.
    private static func groups(_ rows: [Row]) -> [[Row]] {
        rows.reduce(into: [[Row]]()) { groups, row in
            func meets(_ other: Row) -> Bool { other.files.contains { $0 != "X-kernel" && row.files.contains($0) } }
            if let place = groups.firstIndex(where: { !$0.contains(where: meets) }) {
                groups[place].append(row)
            } else {
                groups.append([row])
            }
        }
    }

    /// Time zone, locale, umask, home, folder, number of processors and what the cache has: the same bytes. Then what is in them.
    @Test(.timeLimit(.minutes(5))) func theWorldDoesNotMatter() async throws {
        try await withTemporaryDirectory { folder in
            for name in ["here", "there and elsewhere"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            let rows = try Self.rows()
            let groups = Self.groups(rows)
            #expect(rows.count >= 20 && groups.count < 8)
            let first = World(folder: folder + "/here", cache: Program.cache)
            try first.build(groups, shell: #"exec "$0" "$@""#, environment: ["TZ": "UTC", "LC_ALL": "C"])
            let second = World(folder: folder + "/there and elsewhere", cache: try World.emptyHanded(beside: Program.cache))
            defer { try? FileManager.default.removeItem(atPath: second.cache) }
            try second.build(
                groups, shell: #"umask 077; exec taskset -c 0 "$0" "$@""#,
                environment: [
                    "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "HOME": "/nonexistent", "USER": "other",
                ])
            var compared = 0
            for (index, group) in groups.enumerated() {
                for row in group {
                    for name in row.paths("m") {
                        let (one, other) = ("\(first.folder)/\(index)/\(name)", "\(second.folder)/\(index)/\(name)")
                        let answer = try await Oracle("cmp").run([one, other])
                        #expect(answer.succeeded, "\(row.name): \(answer.output)\(answer.errors)")
                        compared += 1
                    }
                    try await check(row, in: "\(first.folder)/\(index)")
                }
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

    private func check(_ row: Row, in folder: String) async throws {
        var found: [Part] = []
        for name in row.paths("m") {
            let path = "\(folder)/\(name)"
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
        let bios = files.contains("/LDLINUX.SYS") || found.contains { $0.kind == "El Torito entry" && $0.name == "BIOS" }
        let uefi = files.contains("/EFI/BOOT/BOOTX64.EFI") || kinds.contains("unified kernel image")
        #expect(
            (bios ? ["BIOS"] : []) + (uefi ? ["UEFI"] : []) == row.firmware.split(separator: ", ").filter { $0 != "-" }.map(String.init))
        #expect(
            kinds.contains(row.medium == "archive" ? "tar archive" : "segment"), "\(row.name): \(kinds.sorted())")
        if row.medium != "archive" { #expect(kinds.contains("Linux kernel"), "\(row.name): \(kinds.sorted())") }
    }

    private func allocated(_ path: String) throws -> UInt64 {
        var info = stat()
        guard stat(path, &info) == 0 else { throw Fault(description: "no \(path)") }
        return UInt64(info.st_blocks) * 512
    }
}
