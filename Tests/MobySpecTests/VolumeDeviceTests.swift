import BootLayout
import Testing

@testable import MobySpec

/// Volumes on disks: the containers that they add, and what cannot be.
@Suite struct VolumeDeviceTests {
    private func read(_ volumes: String, _ more: String = "") throws -> Spec {
        let text = "volumes: [\(volumes)]\nonboot: [{name: first, image: a}\(more)]\n"
        return try SpecReader.read([SpecReader.Source(name: "a.yml", text: text, folder: nil)]) { "moby/\($0.text)" }
            .spec
    }

    private func commands(_ volumes: String) throws -> [String] {
        try read(volumes).onboot.compactMap { container in
            container.options.command.map { "\(container.name): \($0.joined(separator: " "))" }
        }
    }

    @Test(arguments: [
        (
            "device: LABEL=MOBY_DATA, format: ext4",
            [
                "format-v: /usr/bin/format -type ext4 -label MOBY_DATA",
                "mount-v: /usr/bin/mount -grow -label MOBY_DATA /var/lib/volumes/v",
            ]
        ),
        (
            "device: /dev/vdb, format: xfs",
            [
                "format-v: /usr/bin/format -type xfs -partition none /dev/vdb",
                "mount-v: /usr/bin/mount -grow /dev/vdb /var/lib/volumes/v",
            ]
        ),
        ("device: UUID=12-34", ["mount-v: /usr/bin/mount -grow -uuid 12-34 /var/lib/volumes/v"]),
        (
            "device: LABEL=a, readonly: true",
            ["mount-v: /usr/bin/mount -options ro -label a /var/lib/volumes/v"]
        ),
        ("readonly: false", []),
    ])
    func addsContainers(keys: String, expected: [String]) throws {
        #expect(try commands("{name: v, \(keys)}") == expected)
    }

    @Test func addedContainersComeFirstAndEndTheMachineWhenTheyFail() throws {
        let spec = try read(
            "{name: v, device: LABEL=a, format: ext4}, {name: w}, {name: x, device: LABEL=b}",
            ", {name: last, image: a, binds: [\"v:/v\", \"w:/w\"]}")
        #expect(spec.onboot.map(\.name) == ["format-v", "mount-v", "mount-x", "first", "last"])
        #expect(spec.onboot[1].image.value == "moby/mount")
        #expect(spec.onboot[1].options.onFailure == .poweroff)
        let table = VolumeTable(spec)
        #expect(try table.path(of: "v", options: []) == "/var/lib/volumes/v")
        #expect(try table.path(of: "w", options: []) == "/containers/volumes/w/merged")
    }

    /// A merged spec that a build wrote out has the containers already.
    @Test func addsNoneTwice() throws {
        let spec = try read("{name: v, device: LABEL=a}", ", {name: mount-v, image: mine}")
        #expect(spec.onboot.map(\.name) == ["first", "mount-v"])
    }

    @Test(arguments: [
        ("device: data", "is 'data', expected LABEL=NAME, UUID=… or /dev/…", "for a disk with that label: LABEL=data"),
        ("device: /dev/../etc", "expected LABEL=NAME", nil), ("device: 'LABEL=a b'", "has the label 'a b'", nil),
        ("device: data, format: ext4", "is 'data', expected LABEL=NAME", nil),
        ("format: ext4", "volume 'v' has format 'ext4' and no device", nil),
        ("device: LABEL=a, image: b", "volume 'v' has an image and a device", nil),
        ("device: LABEL=a, format: oci", "cannot be of format 'oci'", nil),
        ("device: LABEL=abcdefghijklm, format: xfs", "is too long: xfs has at most 12 bytes", nil),
        ("device: UUID=1234, format: ext4", "names its disk by UUID", nil),
        ("device: LABEL=a, format: ext4, readonly: true", "is read-only", nil),
    ])
    func refuses(keys: String, message: String, hint: String?) throws {
        let error = #expect(throws: SpecError.self) { try read("{name: v, \(keys)}") }
        #expect(error?.diagnostics.count == 1)
        let problem = try #require(error?.diagnostics.first)
        #expect(problem.message.contains(message), "\(problem.message)")
        if let hint { #expect(problem.hint == hint) }
    }
}
