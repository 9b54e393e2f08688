import DiskImage
import Extents
import TestSupport
import Testing

/// The containers, each as it is written and read.
struct Container: Sendable, CustomTestStringConvertible {
    let name: String
    /// What QEMU calls it.
    let format: String
    /// Whether `qemu-img check` knows it.
    let isChecked: Bool
    let write: @Sendable (ExtentList, String) throws -> Void
    let read: @Sendable (ExtentList) throws -> ExtentList

    var testDescription: String { name }

    static let all: [Container] = [
        Container(
            name: "qcow2", format: "qcow2", isChecked: true,
            write: { try ExtentWriter.write(QCOW2.encode($0), to: $1) },
            read: { try QCOW2.read($0).contents() }),
        Container(
            name: "qcow2 compressed", format: "qcow2", isChecked: true,
            write: { disk, path in try ExtentWriter.stream(to: path) { try QCOW2.writeCompressed(disk, to: &$0) } },
            read: { try QCOW2.read($0).contents() }),
        Container(
            name: "vmdk", format: "vmdk", isChecked: true,
            write: { disk, path in
                try ExtentWriter.stream(to: path) { sink in
                    try VMDK.writeStreamOptimized(disk, name: "disk.vmdk") { try sink.write($0) }
                }
            },
            read: { try VMDK.read($0).contents() }),
        Container(
            name: "vhd", format: "vpc", isChecked: false, write: { try ExtentWriter.write(try VHD.fixed($0), to: $1) },
            read: { try VHD.read($0).contents() }),
        Container(
            name: "dynamic vhd", format: "vpc", isChecked: false,
            write: { try ExtentWriter.write(try VHD.dynamic($0), to: $1) },
            read: { try VHD.read($0).contents() }),
    ]
}
