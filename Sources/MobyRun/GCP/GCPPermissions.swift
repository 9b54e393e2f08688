/// What an account must be allowed to do in a project (Compute Engine, "Method: images.insert" and "Method:
/// instances.insert").
enum GCPPermissions {
    /// For an image made of a stored file.
    static func image(replaces: Bool) -> [String] {
        ["compute.images.create", "compute.images.get", "compute.images.setLabels"]
            + (replaces ? ["compute.images.delete"] : [])
    }

    /// For a machine that is started, watched and deleted.
    static func instance(_ machine: GCPMachine) -> [String] {
        var names = [
            "compute.disks.create", "compute.images.useReadOnly", "compute.instances.create", "compute.instances.get",
            "compute.instances.setLabels", "compute.instances.setMetadata",
        ]
        if !machine.tags.isEmpty { names.append("compute.instances.setTags") }
        if machine.console == .output { names.append("compute.instances.getSerialPortOutput") }
        if !machine.keeps, machine.console != .none { names.append("compute.instances.delete") }
        // Not those of networks: they may be given for one subnetwork, or be another project's.
        return names
    }
}
