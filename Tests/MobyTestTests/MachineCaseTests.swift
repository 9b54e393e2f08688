import MachineModel
import MobySpec
import Testing

@testable import MobyTest

@Suite struct MachineCaseTests {
    private static func machines(_ text: String) throws -> [MachineCase] {
        let test = try TestReader.read(
            "machine: \(text)", file: "a.test.yml", outputFormats: MachineCase.bootableFormats,
            bootable: MachineCase.bootableFormats)
        return MachineCase.all(of: test.machine, architecture: .amd64)
    }

    @Test func listsMakeEveryCombination() throws {
        let machines = try Self.machines("{format: [kernel+initrd, iso], firmware: [bios, uefi], memory: [256, 1G]}")
        #expect(
            machines.map(\.name) == [
                "kernel+initrd 256M", "kernel+initrd 1024M", "iso bios 256M", "iso bios 1024M", "iso uefi 256M",
                "iso uefi 1024M",
            ])
        #expect(machines.map(\.folder)[4] == "iso-uefi-256M")
        #expect(Set(machines.map(\.folder)).count == machines.count)
        #expect(machines[0].firmware == nil)
    }

    @Test func withoutListsThereIsOneMachine() throws {
        #expect(try Self.machines("{}").map(\.name) == ["kernel+initrd"])
        #expect(
            try Self.machines("{arch: [amd64, arm64], cpus: 2}").map(\.name) == [
                "kernel+initrd amd64 2cpu", "kernel+initrd arm64 2cpu",
            ])
    }

    @Test func eachMachineHasTheDevices() throws {
        let machines = try Self.machines("{memory: [256, 512], device: [virtio-net-pci, i6300esb]}")
        #expect(machines.map(\.devices) == [["virtio-net-pci", "i6300esb"], ["virtio-net-pci", "i6300esb"]])
        #expect(try Self.machines("{device: i6300esb}").map(\.devices) == [["i6300esb"]])
    }

    @Test func formatsThatQEMUCannotBootAreNotOffered() {
        let formats = MachineCase.bootableFormats
        for name in ["kernel+initrd", "kernel+erofs", "iso", "qcow2-efi", "raw-bios", "vmdk"] {
            #expect(formats.contains(name), "\(name)")
        }
        for name in ["gcp", "tar", "docker", "oci", "rpi3", "uki"] { #expect(!formats.contains(name), "\(name)") }
    }
}
