import Archive
import Extents
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

struct KernelImageTests {
    /// Builds with a kernel image of these files.
    static func build(
        _ files: [(String, Workshop.Entry)], kernel: String = "", label: String? = nil,
        _ change: (inout BuildOptions) -> Void = { _ in }
    ) async throws -> (result: BuildResult, kernel: [UInt8]) {
        try await Workshop.with { workshop in
            try workshop.image("test/kernel:1", files) { execution in
                if let label { execution.labels = ["org.mobyproject.kernel.initrd": label] }
            }
            try workshop.image("test/init:1", [("init", .file(ProgramFile.head + "INIT", mode: 0o755))])
            let yaml = "kernel:\n  image: test/kernel:1\n\(kernel)init:\n  - test/init:1\n"
            let result = try await Builder(store: workshop.store, options: workshop.options(change)).build(
                workshop.spec(yaml))
            return (result, try workshop.read(workshop.folder + "/out/web-kernel"))
        }
    }

    @Test(
        arguments: [
            ([], nil, "gzip"), ([("config", Workshop.Entry.file("CONFIG_RD_ZSTD=y\n"))], nil, "zstd"),
            ([("kernel_config", Workshop.Entry.file("# CONFIG_RD_ZSTD is not set\n"))], nil, "gzip"),
            ([], "gzip zstd", "zstd"),
            ([("config", Workshop.Entry.file("CONFIG_RD_ZSTD=y\n"))], "gzip", "gzip"),
        ] as [([(String, Workshop.Entry)], String?, String)])
    func compressionIsWhatTheKernelReads(_ more: [(String, Workshop.Entry)], _ label: String?, _ expected: String)
        async throws
    {
        let built = try await Self.build([("kernel", .file("K"))] + more, kernel: "  tar: none\n", label: label)
        let encoding = try #require(built.result.segments.first?.key.encoding)
        #expect(encoding.contains(expected), "\(encoding)")
    }

    @Test func compressionCanBeChosen() async throws {
        let built = try await Self.build([("kernel", .file("K"))], kernel: "  tar: none\n") {
            $0.compression = Compression.none
        }
        for segment in built.result.segments {
            #expect(try ExtentReader.bytes(of: segment.bytes).starts(with: Array("070701".utf8)))
        }
    }

    @Test(arguments: ["bzImage", "vmlinuz64"]) func namesOf2017(_ name: String) async throws {
        let built = try await Self.build([(name, .file("OLD"))], kernel: "  tar: \"\"\n")
        #expect(built.kernel == Array("OLD".utf8))
    }

    @Test(
        arguments: [
            (
                "", [("vmlinux", Workshop.Entry.file("")), ("boot/x", .file(""))],
                "has no kernel 'kernel' or 'bzImage' or 'vmlinuz64'; it has boot, vmlinux"
            ),
            ("  binary: linux\n", [("kernel", .file(""))], "has no kernel 'linux'; it has kernel"),
            ("", [("kernel", .file(""))], "has no modules archive 'kernel.tar'; it has kernel"),
            ("  tar: none\n  ucode: u.cpio\n", [("kernel", .file(""))], "has no microcode 'u.cpio'; it has kernel"),
        ] as [(String, [(String, Workshop.Entry)], String)])
    func whatIsMissingIsNamed(_ kernel: String, _ files: [(String, Workshop.Entry)], _ message: String) async throws {
        let error = await #expect(throws: SpecError.self) { _ = try await Self.build(files, kernel: kernel) }
        let problem = try #require(error?.diagnostics.first)
        #expect(problem.message == "kernel image 'test/kernel:1' " + message)
        #expect(problem.location?.line == 2 && problem.hint != nil)
    }

    /// An archive with two modules, one needing the other, a third and a firmware file.
    private static func modules() throws -> Workshop.Entry {
        let folder = "lib/modules/6.1/kernel"
        func module(_ fields: [String]) -> Workshop.Entry { .bytes(ModuleFile.bytes(modinfo: fields)) }
        let tree = try Workshop.tree([
            ("lib", .directory()), ("lib/modules", .directory()), ("lib/modules/6.1", .directory()),
            (folder, .directory()),
            ("\(folder)/a.ko", module(["depends="])), ("\(folder)/b.ko", module(["depends=a"])),
            ("\(folder)/c.ko", module(["depends="])),
            ("lib/firmware", .directory()), ("lib/firmware/x.bin", .file("X")),
        ])
        return .bytes(try Workshop.tar(tree))
    }

    @Test(arguments: [
        ("  modules: [b]\n", ["a.ko", "b.ko"]), ("", ["a.ko", "b.ko", "c.ko"]), ("  modules: []\n", []),
    ])
    func modulesWantedAndWhatTheyNeed(_ kernel: String, _ expected: [String]) async throws {
        let names = try await Workshop.with { workshop in
            try workshop.image("test/kernel:1", [("kernel", .file("K")), ("kernel.tar", Self.modules())])
            try workshop.image(
                "test/init:1",
                [
                    ("init", .file(ProgramFile.head + "INIT", mode: 0o755)), ("lib", .link("usr/lib")),
                    ("usr/lib", .directory()),
                ])
            let yaml = "kernel:\n  image: test/kernel:1\n\(kernel)init:\n  - test/init:1\n"
            let result = try await Builder(store: workshop.store, options: workshop.options()).build(
                workshop.spec(yaml))
            let listing = try #require(result.segments.first { $0.key.role == .modules }).listing
            return listing.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
        }
        #expect(names.filter { $0.hasSuffix(".ko") } == expected.map { "usr/lib/modules/6.1/kernel/" + $0 })
        #expect(names.contains("usr/lib/modules/6.1/modules.dep") && names.contains("usr/lib/firmware/x.bin"))
    }

    /// As distributions ship them: each by itself, with an index that has their names. In a usr-merged archive, for a
    /// root with a real `/lib`.
    @Test(arguments: [("  modules: [b]\n", ["a.ko", "b.ko"]), ("", ["a.ko", "b.ko", "c.ko"])])
    func compressedModulesAreUnpackedToWhereTheRootHasThem(_ kernel: String, _ expected: [String]) async throws {
        let folder = "usr/lib/modules/6.1/kernel"
        let plain = ["a": "depends=", "b": "depends=a", "c": "depends="].mapValues { ModuleFile.bytes(modinfo: [$0]) }
        func packed(_ name: String, _ compression: Compression) throws -> Workshop.Entry {
            var sink = ArraySink()
            try compression.compress(to: &sink) { try $0.write(plain[name] ?? []) }
            return .bytes(sink.bytes)
        }
        let xz = try await withTemporaryDirectory { folder in
            try ExtentWriter.write(ExtentList([.bytes(plain["c"] ?? [])]), to: folder + "/c")
            try await Oracle("xz")("--check=crc32", folder + "/c")
            return try ExtentReader.bytes(of: ExtentList(file: folder + "/c.xz"))
        }
        let index = "kernel/a.ko.gz:\nkernel/b.ko.zst: kernel/a.ko.gz\nkernel/c.ko.xz:\n"
        let archive = try Workshop.tar(
            Workshop.tree([
                ("usr", .directory()), ("usr/lib", .directory()), ("usr/lib/modules", .directory()),
                ("usr/lib/modules/6.1", .directory()),
                (folder, .directory()), ("\(folder)/a.ko.gz", packed("a", .gzip)),
                ("\(folder)/b.ko.zst", packed("b", .zstd(level: 3))),
                ("\(folder)/c.ko.xz", .bytes(xz)), ("\(folder)/d.ko.xz", .link("c.ko.xz")),
                ("usr/lib/modules/6.1/modules.dep", .file(index)),
                ("usr/lib/modules/6.1/modules.dep.bin", .file("old")),
            ]))
        let files = try await Workshop.with { workshop in
            try workshop.image("test/kernel:1", [("kernel", .file("K")), ("kernel.tar", .bytes(archive))])
            try workshop.image("test/init:1", [("init", .file("INIT", mode: 0o755)), ("lib", .directory())])
            let yaml = "kernel:\n  image: test/kernel:1\n\(kernel)init:\n  - test/init:1\n"
            let result = try await Builder(
                store: workshop.store, options: workshop.options { $0.compression = Compression.none }
            ).build(
                workshop.spec(yaml))
            let segment = try #require(result.segments.first { $0.key.role == .modules })
            return try CPIO.read(segment.bytes).flatMap(\.entries).reduce(into: [String: [UInt8]]()) { files, entry in
                if case .regular(let content) = entry.node.kind {
                    files["\(entry.path)"] = try ExtentReader.bytes(of: content)
                }
            }
        }
        let modules = files.filter { $0.key.hasSuffix(".ko") }
        #expect(modules.keys.sorted() == expected.map { "lib/modules/6.1/kernel/" + $0 })
        for (path, bytes) in modules { #expect(bytes == plain[String(path.dropLast(3).suffix(1))], "\(path)") }
        let text = files["lib/modules/6.1/modules.dep"].map { String(decoding: $0, as: UTF8.self) }
        #expect(text?.hasPrefix("kernel/a.ko:\nkernel/b.ko: kernel/a.ko\n") == true, "\(text ?? "none")")
        #expect(files.keys.allSatisfy { !$0.hasSuffix(".bin") && !$0.hasPrefix("usr/") })
    }

    @Test func unknownModulesAreAnErrorOfTheSpec() async throws {
        let files = [("kernel", Workshop.Entry.file("K")), ("kernel.tar", try Self.modules())]
        let modules = "  modules:\n    - b\n    - bb\n    - \"?none\"\n    - dd\n"
        let error = await #expect(throws: SpecError.self) { _ = try await Self.build(files, kernel: modules) }
        let expected = [
            "web.yml:5:7 kernel 6.1 of image 'docker.io/test/kernel:1' has no module 'bb' write '?bb' if it may be missing",
            "web.yml:7:7 kernel 6.1 of image 'docker.io/test/kernel:1' has no module 'dd' write '?dd' if it may be missing",
        ]
        func texts(_ problems: [Diagnostic]) -> [String] {
            problems.map { "\($0.location?.description ?? "") \($0.message) \($0.hint ?? "")" }
        }
        #expect(texts(error?.diagnostics ?? []) == expected)
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            try workshop.image("test/kernel:1", files)
            let spec = try workshop.spec("kernel:\n  image: test/kernel:1\n\(modules)init:\n  - test/init:1\n")
            #expect(
                texts(try await Linter(store: workshop.store, options: workshop.options()).check(spec).diagnostics)
                    == expected)
        }
    }

    /// A bzImage of protocol 2.08 around a payload.
    static func bzImage(_ payload: [UInt8]) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 1024)
        image[0x1F1] = 1
        image.replaceSubrange(0x202..<0x208, with: Array("HdrS".utf8) + [0x08, 0x02])
        image.replaceSubrange(
            0x248..<0x250, with: [16, 0, 0, 0, UInt8(payload.count & 0xFF), UInt8(payload.count >> 8), 0, 0])
        return image + [UInt8](repeating: 0x90, count: 16) + payload + [1, 2, 3]
    }

    @Test(arguments: [Compression.gzip, .zstd(level: 3)]) func payloadIsUnpacked(_ compression: Compression) throws {
        var payload = ArraySink()
        try compression.compress(to: &payload) { try $0.write(Array("VMLINUX".utf8)) }
        if compression != .gzip { payload.bytes += [7, 0, 0, 0] }
        for kernel in [Self.bzImage(payload.bytes)] + (compression == .gzip ? [payload.bytes] : []) {
            var plain: [UInt8] = []
            try CompressedKernel.decompress(ExtentList([.bytes(kernel)])) { plain.append(contentsOf: $0) }
            #expect(plain == Array("VMLINUX".utf8))
        }
    }

    /// What the kernel's own build makes by these programs, with the plain size behind.
    @Test(arguments: [["lz4", "-l", "-9"], ["xz", "--check=crc32"], ["bzip2", "-9"], ["lzma", "-9"]])
    func payloadsOfOtherProgramsAreUnpacked(_ command: [String]) async throws {
        let plain = [UInt8]((0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
        let payload = try await withTemporaryDirectory { folder in
            try TestFile.write(plain, to: "\(folder)/vmlinux")
            let line = command.joined(separator: " ") + " < '\(folder)/vmlinux' > '\(folder)/payload'"
            try await Oracle("sh")("-c", line)
            return try TestFile.read("\(folder)/payload")
        }
        var unpacked: [UInt8] = []
        let kernel = Self.bzImage(payload + [0x40, 0x9C, 0, 0])
        try CompressedKernel.decompress(ExtentList([.bytes(kernel)])) { unpacked.append(contentsOf: $0) }
        let isSame = unpacked == plain
        #expect(isSame)
    }

    @Test(arguments: [
        (Array("hello".utf8), "it is neither gzip nor an x86 bzImage"),
        (bzImage([0x89, 0x4C, 0x5A, 0, 0]), "its payload is LZO; gzip, zstd, LZ4, XZ, bzip2 and LZMA can be unpacked"),
        (
            bzImage([UInt8](repeating: 1, count: 8)),
            "its payload is of an unknown format; gzip, zstd, LZ4, XZ, bzip2 and LZMA can be unpacked"
        ),
    ])
    func whatCannotBeUnpackedSaysWhy(_ kernel: [UInt8], _ message: String) {
        let error = #expect(throws: BuildError.self) {
            try CompressedKernel.decompress(ExtentList([.bytes(kernel)])) { _ in }
        }
        #expect(error?.description == message)
    }
}

private struct ArraySink: ByteSink {
    var bytes: [UInt8] = []
    mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}
