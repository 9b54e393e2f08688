import Extents
import Foundation
import TestSupport
import Testing

@testable import MobyRun

/// The ISO images of user data, read by programs that know ISO 9660.
struct DataISOTests {
    private func write(_ image: ExtentList, in folder: TemporaryFolder) throws -> String {
        try ExtentWriter.write(image, to: folder.file("data.iso"))
        return folder.file("data.iso")
    }

    @Test(arguments: [0, 1, 2047, 2048, 2049, 100_000])
    func othersReadItBack(size: Int) throws {
        let folder = try TemporaryFolder()
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let disc = try write(DataISO.image(config: content), in: folder)

        let listing = try Oracle("bsdtar").end(["-tf", disc])
        #expect(listing.status == 0)
        #expect(String(decoding: listing.output, as: UTF8.self) == ".\nconfig\n")
        #expect(try Oracle("bsdtar").end(["-xOf", disc, "config"]).output == content)

        let plain = try Oracle("isoinfo").end(["-i", disc, "-x", "/CONFIG.;1"])
        #expect(plain.status == 0 && plain.output == content)
        let rockRidge = try Oracle("isoinfo").end(["-i", disc, "-R", "-x", "/config"])
        #expect(rockRidge.status == 0 && rockRidge.output == content)
    }

    @Test func volumeHasALabel() throws {
        let folder = try TemporaryFolder()
        let image = try DataISO.image(config: [1])
        #expect(image.length >= 64 << 10)
        let text = String(
            decoding: try Oracle("isoinfo").end(["-d", "-i", try write(image, in: folder)]).output, as: UTF8.self)
        #expect(text.contains("Volume id: CONFIG"))
        #expect(text.contains("Rock Ridge signatures"))
    }

    @Test func aNoCloudDiscHasItsFilesAndName() throws {
        let folder = try TemporaryFolder()
        let disc = try write(DataISO.image(userData: Array("u".utf8), metaData: Array("m".utf8)), in: folder)
        #expect(try Oracle("isoinfo").end(["-i", disc, "-R", "-x", "/user-data"]).output == Array("u".utf8))
        #expect(try Oracle("isoinfo").end(["-i", disc, "-R", "-x", "/meta-data"]).output == Array("m".utf8))
        #expect(
            String(decoding: try Oracle("isoinfo").end(["-d", "-i", disc]).output, as: UTF8.self).contains(
                "Volume id: CIDATA"))
    }
}

/// Disk images that name other files of this host: QEMU never gets them, unless that is asked for.
struct ForeignFilesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("secret", [UInt8](repeating: 0x73, count: 1 << 20), mode: 0o600)
    }

    private func plan(_ adjust: (inout Machine) -> Void = { _ in }, booting image: String) throws -> QEMUPlan {
        var machine = GuestProgram.machine()
        // The file need not be a disk that boots.
        machine.qemu = try folder.write("qemu", "#!/bin/sh\n", mode: 0o755)
        adjust(&machine)
        return try QEMU(machine, booting: image, environment: ["PATH": "/usr/bin:/bin"]) { _ in }.plan()
    }

    /// The image is refused, as the one booted from and as `--disk`, with the name of what it names; with the option it
    /// is taken.
    private func expectRefusal(_ image: String, _ format: DiskFormat, naming name: String) throws {
        let boot = try folder.write("guest.img", GuestProgram.disk)
        let hint = "if that is intended, pass --allow-external"
        let ending = "'\(image)' continues in \(name), which the guest could read"
        #expect(throws: RunError("the image \(ending)", hint: hint)) { try plan(booting: image) }
        let disk = Disk(path: image, format: format)
        #expect(throws: RunError("--disk: \(ending)", hint: hint)) { try plan({ $0.disks = [disk] }, booting: boot) }
        let allowed = try plan({ $0.allowsExternalFiles = true }, booting: image)
        #expect(allowed.arguments.contains("if=none,id=boot,format=\(format.rawValue),file=\(image)"))
    }

    private func qemuImage(_ name: String, _ arguments: [String]) throws -> String {
        let made = try Oracle("qemu-img").end(
            ["create", "-q"] + arguments + [folder.file(name)] + (arguments.contains("-u") ? ["1M"] : []))
        #expect(made.status == 0, "\(made.complaint)")
        return folder.file(name)
    }

    @Test(arguments: ["/etc/shadow", "nbd://localhost/x", "json:{\"driver\":\"raw\"}", "\u{1B}[31m"])
    func qcow2WithABackingFile(name: String) throws {
        let image = try qemuImage(
            "a.qcow2", ["-u", "-f", "qcow2", "-F", "raw", "-b", "/placeholder-that-is-long-enough-for-all"])
        // qemu-img takes no such name itself.
        var bytes = try folder.read("a.qcow2")
        let position = try #require(bytes.firstRange(of: Array("/placeholder-that-is-long-enough-for-all".utf8)))
        bytes.replaceSubrange(position.lowerBound..<position.lowerBound + name.utf8.count, with: Array(name.utf8))
        bytes.replaceSubrange(16..<20, with: [0, 0, 0, UInt8(name.utf8.count)])
        try folder.write("a.qcow2", bytes)
        try expectRefusal(image, .qcow2, naming: "'\(name.replacing("\u{1B}", with: "\\x1b"))'")
    }

    @Test func qcow2WithADataFile() throws {
        let image = folder.file("a.qcow2")
        let made = try Oracle("qemu-img").end(
            ["create", "-q", "-f", "qcow2", "-o", "data_file=\(folder.file("data")),data_file_raw=on", image, "1M"])
        #expect(made.status == 0, "\(made.complaint)")
        try expectRefusal(image, .qcow2, naming: "'\(folder.file("data"))'")
    }

    @Test func vmdkWithAParent() throws {
        _ = try Oracle("qemu-img").end(["create", "-q", "-f", "vmdk", folder.file("base.vmdk"), "1M"])
        let image = try qemuImage("a.vmdk", ["-f", "vmdk", "-F", "vmdk", "-b", folder.file("base.vmdk")])
        try expectRefusal(image, .vmdk, naming: "'\(folder.file("base.vmdk"))'")
    }

    @Test(arguments: ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
    func vmdkWithExtentsElsewhere(kind: String) throws {
        let image = folder.file("a.vmdk")
        let made = try Oracle("qemu-img").end(["create", "-q", "-f", "vmdk", "-o", "subformat=\(kind)", image, "1M"])
        #expect(made.status == 0, "\(made.complaint)")
        let extent = try #require(try folder.names.first { $0.hasPrefix("a-") })
        try expectRefusal(image, .vmdk, naming: "'\(extent)'")
    }

    /// Made by hand: `head` is the file's start, and the text follows at a sector.
    @Test(arguments: [
        // As QEMU's scanf reads it, white space is any.
        "# Disk DescriptorFile\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"/host/secret\" 0\n",
        "# Disk DescriptorFile\nx=\"\nRW\n2048\n FLAT\t\"/host/secret\" 0\n",
        "version=1\nparentFileNameHint=\"/host/secret\"\n",
        "# Disk DescriptorFile\nRW 2048 VMFS \"/host/secret",
    ])
    func vmdkText(text: String) throws {
        try expectRefusal(try folder.write("v1.vmdk", text), .vmdk, naming: "'/host/secret'")
    }

    /// A sparse file without a capacity: QEMU goes by the text inside, wherever the header says it is.
    @Test(arguments: [UInt8(1), 9]) func vmdkWithoutCapacity(sector: UInt8) throws {
        var bytes =
            Array("KDMV".utf8) + [1, 0, 0, 0] + [UInt8](repeating: 0, count: 20) + [sector]
            + [UInt8](repeating: 0, count: 7)
        bytes += [UInt8](repeating: 0, count: Int(sector) * 512 - bytes.count)
        bytes += Array("createType=\"vmfs\"\nRW 2048 VMFS \"/host/secret\"\n".utf8)
        try expectRefusal(try folder.write("v2.vmdk", bytes), .vmdk, naming: "'/host/secret'")
    }

    /// QEMU looks for the parent in the second sector, whatever the header says.
    @Test func vmdkParentIsFoundWhereQEMULooks() throws {
        _ = try Oracle("qemu-img").end(["create", "-q", "-f", "vmdk", folder.file("v3.vmdk"), "1M"])
        var bytes = try folder.read("v3.vmdk")
        let text = Array("parentFileNameHint=\"/host/secret\"".utf8)
        bytes.replaceSubrange(512..<512 + text.count, with: text)
        bytes[28] = 0xFF
        try expectRefusal(try folder.write("v3.vmdk", bytes), .vmdk, naming: "'/host/secret'")
    }

    @Test func differencingVHD() throws {
        let image = folder.file("a.vhd")
        _ = try Oracle("qemu-img").end(["create", "-q", "-f", "vpc", image, "4M"])
        var bytes = try folder.read("a.vhd")
        for footer in [0, bytes.count - 512] { bytes[footer + 63] = 4 }
        let name = "C:\\secret".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        bytes.replaceSubrange(512 + 64..<512 + 64 + name.count, with: name)
        try folder.write("a.vhd", bytes)
        try expectRefusal(image, .vpc, naming: "'C:\\secret'")
    }

    @Test func aDamagedHeaderIsRefused() throws {
        let image = try folder.write("bad.qcow2", [0x51, 0x46, 0x49, 0xFB] + [UInt8](repeating: 0xFF, count: 200))
        let error = #expect(throws: RunError.self) { try plan(booting: image) }
        #expect(error?.hint == "its references cannot be checked; if you trust the image, pass --allow-external")
    }

    /// What is whole by itself is taken in every format.
    @Test(arguments: [
        ("qcow2", DiskFormat.qcow2, []), ("qcow2", .qcow2, ["-o", "compat=0.10"]), ("vmdk", .vmdk, []),
        ("vpc", .vpc, []),
        ("vpc", .vpc, ["-o", "subformat=fixed"]), ("vmdk", .vmdk, ["-o", "subformat=streamOptimized"]),
        ("vhdx", .vhdx, []), ("vdi", .vdi, []),
    ])
    func wholeImagesAreTaken(name: String, format: DiskFormat, options: [String]) throws {
        let image = folder.file("whole.\(format == .vpc ? "vhd" : name)")
        let made = try Oracle("qemu-img").end(["create", "-q", "-f", name] + options + [image, "4M"])
        #expect(made.status == 0, "\(made.complaint)")
        #expect(try plan(booting: image).arguments.contains("if=none,id=boot,format=\(format.rawValue),file=\(image)"))
    }

    /// With the real QEMU: no descriptor of the secret is open in it, whatever a raw disk looks like.
    @Test func aRawDiskThatLooksLikeAnotherFormatNamesNothing() throws {
        let fake = try qemuImage("a.qcow2", ["-u", "-f", "qcow2", "-F", "raw", "-b", folder.file("secret")])
        let boot = try folder.write("guest.img", GuestProgram.disk)
        var machine = GuestProgram.machine()
        machine.disks = [Disk(path: fake, format: .raw)]
        let handle = try MachineHandle(
            starting: QEMU(machine, booting: boot, environment: ProcessInfo.processInfo.environment) { _ in })
        try handle.line(containing: "GUEST READY", within: .seconds(120))
        let open = try TestFile.names(in: "/proc/\(handle.processID)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(handle.processID)/fd/\($0)")
        }
        #expect(open.contains(fake))
        #expect(!open.contains(folder.file("secret")))
    }
}
