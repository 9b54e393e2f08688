import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct ISO9660Tests {
    static let isoinfo = Oracle("isoinfo")
    static let xorriso = Oracle("xorriso")
    static let bsdtar = Oracle("bsdtar")
    static let time: Int64 = 1_700_000_000

    static let sample: [ISO9660.Entry] = [
        ISO9660.Entry(path: Array("etc".utf8), .directory, mode: 0o750, uid: 3, gid: 4, modified: time),
        ISO9660.Entry("etc/hosts", ExtentList(bytes: Array("127.0.0.1\n".utf8)), modified: time),
        ISO9660.Entry("etc/empty", ExtentList()),
        ISO9660.Entry(path: Array("usr/bin/su".utf8), .file(.random(5000, 1)), mode: 0o4755, modified: time),
        ISO9660.Entry(path: Array("bin".utf8), .symlink(Array("usr/bin".utf8)), mode: 0o777),
        ISO9660.Entry(path: Array("up".utf8), .symlink(Array("../a/./b//c/".utf8)), mode: 0o777),
        ISO9660.Entry(path: Array("root".utf8), .symlink(Array("/".utf8)), mode: 0o777),
        ISO9660.Entry(path: Array("dev/null".utf8), .characterDevice(major: 1, minor: 3), mode: 0o666),
        ISO9660.Entry(path: Array("dev/sda300".utf8), .blockDevice(major: 259, minor: 300), mode: 0o660, gid: 6),
        ISO9660.Entry(path: Array("run/fifo".utf8), .fifo, mode: 0o600),
        ISO9660.Entry("A file with a Long.Name.tar.gz", .random(3, 2)),
        ISO9660.Entry("a file with a long.name.TAR.GZ", .random(4, 3)),
        ISO9660.Entry("Grüße", .random(4096, 4)),
        ISO9660.Entry(String(repeating: "n", count: 255), .random(1, 5)),
        ISO9660.Entry(path: Array("long".utf8), .symlink([UInt8](repeating: 0x78, count: 4000)), mode: 0o777),
        ISO9660.Entry("1/2/3/4/5/6/7/8/9/10/11/deep", .random(2049, 6)),
        ISO9660.Entry(path: Array("one".utf8), .file(.random(7000, 7)), mode: 0o644, identity: 9),
        ISO9660.Entry(path: Array("two".utf8), .file(.random(7000, 7)), mode: 0o644, identity: 9),
    ]

    @Test func theReaderGivesTheEntriesBack() throws {
        let image = try ISO9660.image(Self.sample, volumeID: "SAMPLE_1")
        let volume = try ISO9660.read(image)
        #expect(volume.volumeID == "SAMPLE_1")
        #expect(volume.size == image.length)
        #expect(volume.bootEntries == [])
        let back = Dictionary(uniqueKeysWithValues: volume.entries.map { ($0.path, $0) })
        for entry in Self.sample {
            let other = try #require(back[entry.path], "\(String(decoding: entry.path, as: UTF8.self))")
            #expect(try describe(entry) == describe(other))
        }
    }

    @Test func bsdtarReadsTheSame() async throws {
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(try ISO9660.image(Self.sample, volumeID: "X"), to: "\(folder)/a.iso")
            let listed = try await Self.bsdtar("-tvf", "\(folder)/a.iso")
            let lines = listed.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
            func line(_ name: String) -> [Substring] {
                lines.first { $0.dropFirst(8).joined(separator: " ").hasPrefix(name) } ?? []
            }
            #expect(line("usr/bin/su").first == "-rwsr-xr-x")
            #expect(line("etc").prefix(4) == ["drwxr-x---", "2", "3", "4"])
            #expect(line("dev/null").prefix(5) == ["crw-rw-rw-", "1", "0", "0", "1,3"])
            #expect(line("up ->").suffix(1) == ["../a/./b//c/"])
            #expect(line("long ->").suffix(1) == [Substring(String(repeating: "x", count: 4000))])
            #expect(line("A file with a Long.Name.tar.gz").contains("3"))
            #expect(line("1/2/3/4/5/6/7/8/9/10/11/deep")[4] == "2049")
            try await Self.bsdtar("-C", folder, "-xf", "\(folder)/a.iso", "usr/bin/su", "etc/hosts")
            #expect(try TestFile.read("\(folder)/usr/bin/su") == ExtentReader.bytes(of: .random(5000, 1)))
        }
    }

    @Test func isoinfoAndXorrisoReadTheSame() async throws {
        try await withTemporaryDirectory { folder in
            // isoinfo has room for 255 bytes of a name and its link together.
            let sample = Self.sample.filter { $0.path.count < 200 && $0.path != Array("long".utf8) }
            try ExtentWriter.write(try ISO9660.image(sample, volumeID: "X", time: Self.time), to: "\(folder)/a.iso")
            let names = try await Self.isoinfo("-R", "-f", "-i", "\(folder)/a.iso").split(separator: "\n").map {
                $0.dropFirst()
            }
            #expect(Set(names).isSuperset(of: sample.map { Substring(String(decoding: $0.path, as: UTF8.self)) }))
            #expect(try await Self.isoinfo("-R", "-x", "/etc/hosts", "-i", "\(folder)/a.iso") == "127.0.0.1\n")
            // Plain names too, for firmware and boot loaders.
            #expect(try await Self.isoinfo("-x", "/ETC/HOSTS.;1", "-i", "\(folder)/a.iso") == "127.0.0.1\n")
            let check = try await Self.xorriso.run([
                "-abort_on", "WARNING", "-indev", "\(folder)/a.iso", "-check_media", "--", "-lsl", "/etc",
            ])
            #expect(check.succeeded, "\(check.complaint)")
            #expect(check.text.contains("'hosts'"))
        }
    }

    @Test func hardLinksShareTheirData() throws {
        let volume = try ISO9660.read(try ISO9660.image(Self.sample, volumeID: "X"))
        let sizes = volume.entries.filter { $0.path == Array("one".utf8) || $0.path == Array("two".utf8) }.count
        #expect(sizes == 2)
        let one = try ISO9660.image(Array(Self.sample.dropLast()), volumeID: "X").length
        #expect(try ISO9660.image(Self.sample, volumeID: "X").length == one)
    }

    @Test func aFileBeyond4GiBHasSeveralExtents() async throws {
        try await withTemporaryDirectory { folder in
            let large = ExtentList([.bytes([1]), .hole((5 << 30) - 2), .bytes([2])])
            let image = try ISO9660.image(
                [ISO9660.Entry("large", large), ISO9660.Entry("next", .random(10, 1))], volumeID: "X")
            let volume = try ISO9660.read(image)
            guard case .file(let back)? = volume.entries.first?.kind else { throw DiskImageError("no file") }
            #expect(back.length == 5 << 30)
            #expect(try back.bytes(at: (5 << 30) - 1, count: 1) == [2])
            try ExtentWriter.write(image, to: "\(folder)/a.iso")
            #expect(try await Self.bsdtar("-tvf", "\(folder)/a.iso").contains(" \(UInt64(5) << 30) "))
        }
    }

    @Test func aDirectoryOfManySectors() throws {
        let entries = (0..<3000).map {
            ISO9660.Entry("d/a rather long name \($0)", ExtentList(bytes: [UInt8($0 % 256)]))
        }
        let volume = try ISO9660.read(try ISO9660.image(entries, volumeID: "X"))
        #expect(Set(volume.entries.map(\.path)) == Set(entries.map(\.path) + [Array("d".utf8)]))
    }

    @Test(arguments: [
        (["a", "a"], "'a': the name exists twice"), (["a", "a/b"], "'a': both a file and a directory"),
        (["a//b"], "'a//b': '' is not a valid name"),
        (["../b"], "'../b': '..' is not a valid name"),
        ([String(repeating: "m", count: 256)], "a name of 256 bytes, expected at most 255"),
    ])
    func refuses(paths: [String], message: String) {
        let error = #expect(throws: DiskImageError.self) {
            try ISO9660.image(paths.map { ISO9660.Entry($0, ExtentList()) }, volumeID: "X")
        }
        #expect(error?.description.hasSuffix(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["", "lower", String(repeating: "A", count: 33)])
    func refusesAVolumeID(name: String) {
        #expect(throws: DiskImageError.self) { try ISO9660.image([], volumeID: name) }
    }

    @Test func damagedImagesAreRead() throws {
        let bytes = try ExtentReader.bytes(of: try ISO9660.image(Self.sample, volumeID: "X"))
        var random = Numbers(3)
        var (errors, volumes) = (0, 0)
        for round in 0..<400 {
            var file = bytes
            for _ in 0...random.next() % 4 {
                file[32768 + Int(random.next() % UInt64(min(file.count - 32768, 30_000)))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            if round % 8 == 0 { file.removeLast(Int(random.next() % UInt64(file.count))) }
            do {
                _ = try ISO9660.read(ExtentList(bytes: file))
                volumes += 1
            } catch is DiskImageError {
                errors += 1
            }
        }
        #expect(errors > 0 && errors + volumes == 400)
    }

    private func describe(_ entry: ISO9660.Entry) throws -> String {
        let kind =
            switch entry.kind {
            case .file(let content): SHA256.hash(try ExtentReader.bytes(of: content)).hex
            case .symlink(let target): String(decoding: target, as: UTF8.self)
            default: "\(entry.kind)"
            }
        return "\(kind) \(String(entry.mode, radix: 8)) \(entry.uid) \(entry.gid) \(entry.modified)"
    }
}
