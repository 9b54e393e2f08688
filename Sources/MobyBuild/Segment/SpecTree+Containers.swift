internal import BootLayout
internal import MobySpec

extension SpecTree {
    /// A container's bundle: configuration, record and the mount points of its root.
    mutating func add(bundle explanation: Explanation) {
        let bundle = explanation.placement.bundle
        let author = Author(name: "container '\(explanation.container.name)'", place: explanation.container.location)
        directory(bundle, by: author)
        file("\(bundle)/config.json", explanation.config.config.json.text(indent: 4) + "\n", by: author)
        file("\(bundle)/runtime.json", explanation.config.record.text, by: author)
        directory("\(bundle)/rootfs", by: author)
        if explanation.config.record.mounts.contains(where: { $0.destination == "\(bundle)/tmp" }) {
            directory("\(bundle)/tmp", by: author)
        }
    }

    /// A volume's directories. Without `tmp`, PID 1 has nowhere to put changes: the volume is read-only.
    mutating func add(volume: VolumeSpec) {
        let folder = "\(BootLayout.volumes)/\(volume.name)"
        let author = Author(name: "volume '\(volume.name)'", place: volume.location)
        directory(folder, by: author)
        // An image brings its own, with the owner and mode of its root.
        if volume.image == nil { directory("\(folder)/lower", by: author) }
        directory("\(folder)/merged", by: author)
        if !volume.readonly { directory("\(folder)/tmp", by: author) }
    }
}
