internal import BootLayout
internal import MobySpec

extension SpecTree {
    /// A container's bundle: configuration, record and the mount points of its root.
    mutating func add(bundle explanation: Explanation) {
        let bundle = explanation.placement.bundle
        directory(bundle)
        file("\(bundle)/config.json", explanation.config.config.json.text(indent: 4) + "\n")
        file("\(bundle)/runtime.json", explanation.config.record.text)
        directory("\(bundle)/rootfs")
        if explanation.config.record.mounts.contains(where: { $0.destination == "\(bundle)/tmp" }) { directory("\(bundle)/tmp") }
    }

    /// A volume's directories. Without `tmp`, PID 1 has nowhere to put changes: the volume is read-only.
    mutating func add(volume: VolumeSpec) {
        let folder = "\(BootLayout.volumes)/\(volume.name)"
        directory(folder)
        // An image brings its own, with the owner and mode of its root.
        if volume.image == nil { directory("\(folder)/lower") }
        directory("\(folder)/merged")
        if !volume.readonly { directory("\(folder)/tmp") }
    }
}
