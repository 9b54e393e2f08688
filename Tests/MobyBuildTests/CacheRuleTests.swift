import Archive
import BootLayout
import DiskImage
import Extents
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

/// What each rule of the build cache makes of a fixture. A rule that changes without its version would leave old bytes
/// in the caches of users.
struct CacheRuleTests {
    /// By rule and version: the SHA-256 of all that the rule made.
    private static let recorded = [
        "accounts 2": "584e9461564ee85e727c5e5c29748ce07ab5ca1cfe39697369937fe7ad381b71",
        "container 1": "90f6eeb8f8149e19b1864e6a0b497e6ebb624cb876f8ed6fe2b53a6bff2cdad1",
        "decompressed 1": "3e31f374931572c9de17e54fe57ce7a31c2f0fc9de80f48f6df8144a7fafeaf7",
        "disk initrd 1": "6ed455a12054d9995d431f923ad2a0a2a476c84dfad80e0520fd50725328aa90",
        "erofs 1": "8ba676ada40bfb306ef539a0ee5ac06db18cba09b7117462795d7421b4fb7906",
        "kernel 1": "23261aecd1b725545c3e6b11afdaaa619d3970f97d754fd2a437beee6bb4de77",
        "kernel facts 3": "4b1a45b039a44f6ba668ac40494d5531c4c8a3ed1087d7b1f3d2d3992f25be1d",
        "microcode 1": "3d9efab51fa936fa3d81e3b7d2e075471ffc36077419392f08e72bb405996a73",
        "modules 1": "99a672da39131acdd20a70ecae680cc207bab6f71f6ff79719b45d55d2342f9f",
        "newc 1": "80176110d7607dd23f6f459b14410f94d7492c75e6000cb853e268a4fee80356",
        "oci layout 2": "38871c184d5ad02e87c822757f0a49cdf99c87aa6e09077dd049e1378a63558d",
        "packages 1": "11ee54c02480a844ff28eae7ae0ae32d1093128d00aaf364e283cea9ffa508ec",
        "program facts 2": "bb892d1890b03f0b931700cb0bb7efc18d97f142cc499215e1327bceead0c8af",
        "sbom 1": "f1bc72d0ec43900245feb71d2d41112909ac3f2da4bb505c65820c569976f76c",
        "system 1": "702b7b61cd1b09550e137996ef0209c1b7787882517b5b324dbddeee74c68625",
        "unpacked modules 1": "0b366aa9ee2175b5bfa6ab891ce79f5b92474937d129e8444e00be21377620de",
    ]

    private static let yaml = """
        kernel: {image: "test/kernel:1", cmdline: console=ttyS0, ucode: ucode.cpio}
        init: ["test/init:1"]
        services:
          - {name: web, image: "test/tool:1"}
        volumes:
          - {name: data, image: "test/tool:1"}
          - {name: layout, image: "test/tool:1", format: oci, platforms: [linux/amd64]}
        """

    private static func fill(_ workshop: Workshop) throws {
        let folder = "lib/modules/6.1"
        func packed(_ bytes: [UInt8]) throws -> Workshop.Entry {
            var sink = ByteArraySink()
            try Compression.gzip.compress(to: &sink) { try $0.write(bytes) }
            return .bytes(sink.bytes)
        }
        let modules = try Workshop.tree([
            ("lib", .directory()), ("lib/modules", .directory()), (folder, .directory()),
            ("\(folder)/kernel", .directory()),
            ("\(folder)/kernel/overlay.ko.gz", packed(ModuleFile.bytes(modinfo: ["depends="]))),
            ("\(folder)/kernel/erofs.ko.gz", packed(ModuleFile.bytes(modinfo: ["depends=a", "alias=fs-erofs"]))),
            ("\(folder)/kernel/a.ko", .bytes(ModuleFile.bytes(modinfo: ["depends="]))),
            ("\(folder)/modules.order", .file("kernel/a.ko\nkernel/erofs.ko.gz\n")),
        ])
        try workshop.image(
            "test/kernel:1",
            [
                ("kernel", packed(Array("VMLINUX".utf8))), ("kernel.tar", .bytes(Workshop.tar(modules))),
                ("config", .file("CONFIG_RD_ZSTD=y\n")), ("ucode.cpio", .file("070701")),
                ("var", .directory()), ("var/lib", .directory()), ("var/lib/dpkg", .directory()),
                ("var/lib/dpkg/status.d", .directory()),
                ("var/lib/dpkg/status.d/kernel", .file("Package: linux\nVersion: 6.1+b1\nArchitecture: amd64\n")),
                ("usr", .directory()), ("usr/share", .directory()), ("usr/share/doc", .directory()),
                ("usr/share/doc/linux", .directory()),
                ("usr/share/doc/linux/copyright", .file("See /usr/share/common-licenses/GPL-2.\n")),
            ])
        let marks = RootFileSystem.allCases.map(\.featureMarker).joined(separator: " ")
        try workshop.image(
            "test/init:1",
            [
                ("lib", .link("usr/lib")), ("usr", .directory()), ("usr/lib", .directory()), ("usr/bin", .directory()),
                ("usr/bin/runc", .program(ProgramFile.bytes())), ("etc", .directory(mode: 0o711)),
                ("etc/hostname", .file("dropped")), ("init", .file(ProgramFile.head + marks, mode: 0o755)),
            ])
        try workshop.image(
            "test/tool:1",
            [
                ("bin", .directory()), ("bin/tool", .program(ProgramFile.bytes())), ("bin/other", .hard("bin/tool")),
                ("etc", .directory()), ("etc/passwd", .file("www:x:33:34::/:\n")),
                ("etc/group", .file("www:x:34:\nmore:x:35:www\n")), ("etc/resolv.conf", .file("replaced")),
            ]
        ) {
            $0.entrypoint = ["/bin/tool"]
            $0.user = "www"
        }
    }

    /// Hashes by rule of what builds of the fixture put into a cache.
    private static func made() async throws -> [String: String] {
        try await Workshop.with { workshop in
            try fill(workshop)
            for isDecompressed in [false, true] {
                let options = workshop.options {
                    $0.formats = ["kernel+initrd", "kernel+erofs"]
                    $0.compression = Compression.none
                    $0.sbom = SBOMOptions()
                    $0.decompressKernel = isDecompressed
                }
                _ = try await Builder(store: workshop.store, options: options).build(workshop.spec(yaml))
            }
            let cache = BuildCache(store: workshop.store)
            var hashes: [String: [String]] = [:]
            for case (let digits, let record?) in try cache.records() {
                // The text of a key has one line for each field.
                let fields = record.key.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).last ?? "" }
                // These are named by their own bytes, and a root on a disk by all of its parts.
                guard !["sbom", "spec", "sentinel", "root"].contains(fields[0]) else { continue }
                let key = CacheKey(
                    role: try #require(CacheKey.Role(rawValue: String(fields[0]))), content: "", platform: "",
                    destination: "", rules: String(fields[4]), encoding: "")
                let bytes = try ExtentReader.bytes(of: ExtentList(file: "\(cache.folder)/\(digits)"))
                hashes[key.rule, default: []].append(SHA256.hash(bytes).hex)
            }
            return hashes.mapValues { SHA256.hash(Array($0.sorted().joined(separator: "\n").utf8)).hex }
        }
    }

    /// Archive and file system of one tree.
    private static func encoded() async throws -> [String: String] {
        let tree = try Workshop.tree([
            ("bin", .directory()), ("bin/tool", .program([1, 2, 3])), ("bin/other", .hard("bin/tool")),
            ("lib", .link("usr/lib")), ("text", .file(String(repeating: "text ", count: 2000), uid: 33)),
        ])
        var archive = ByteArraySink()
        try CPIO.write(tree, under: TreePath("images/1"), to: &archive)
        let root = try await withTemporaryDirectory { folder in
            let options = EROFS.Options(uuid: [UInt8](repeating: 1, count: 16), label: "root")
            let scratch = try PartialFile(folder + "/clusters")
            return try withExtendedLifetime(scratch) {
                try ExtentReader.bytes(of: EROFS.compressedImage(of: tree, options, scratch: scratch))
            }
        }
        return ["newc \(CPIO.version)": SHA256.hash(archive.bytes).hex, DiskRoot.rule: SHA256.hash(root).hex]
    }

    @Test func rulesAreOfTheirVersions() async throws {
        let made = try await Self.made().merging(Self.encoded()) { first, _ in first }
        for (rule, hash) in made.sorted(by: { $0.key < $1.key }) where Self.recorded[rule] != hash {
            let advice =
                Self.recorded[rule] == nil
                ? "record it in CacheRuleTests.recorded"
                : "raise the version next to the rule, or caches keep what the old rule made; then record the new pair"
            Issue.record("\"\(rule)\": \"\(hash)\" is new: \(advice)")
        }
        for rule in Self.recorded.keys.sorted() where made[rule] == nil {
            Issue.record(
                "nothing is made by '\(rule)': remove it from CacheRuleTests.recorded, or let the fixture use it")
        }
    }
}

private struct ByteArraySink: ByteSink {
    var bytes: [UInt8] = []
    mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}

extension CacheKey {
    /// The rule with its version; ``Role/record``s and others with several rules name it in ``rules``.
    fileprivate var rule: String { rules.first?.isNumber == true ? "\(role.rawValue) \(rules)" : rules }
}
