internal import BootLayout
internal import CInit

/// One call of mount(2).
struct MountCall: Equatable {
    var source: String
    var target: String
    var type: String
    var flags: MountFlags
    var data: String = ""

    /// The calls that bring about `mount`: itself, the remounting that gives a bind mount its flags, and its
    /// propagation.
    static func calls(for mount: RuntimeRecord.Mount, at target: String) -> [MountCall] {
        var options = MountOptions(mount.options)
        // fstab-style entries may give "bind" as the type.
        if mount.type == "bind" { options.flags.formUnion(.bind) }
        if mount.type == "rbind" { options.flags.formUnion([.bind, .recursive]) }
        let onlyPropagation = options.flags == .remount && options.data.isEmpty && !options.propagation.isEmpty
        let data = options.data.joined(separator: ",")
        var calls: [MountCall] = []
        if !onlyPropagation && !(mount.type.isEmpty && mount.source.isEmpty && options.flags.isEmpty) {
            calls.append(
                MountCall(source: mount.source, target: target, type: mount.type, flags: options.flags, data: data))
        }
        let perMount = options.flags.intersection(.perMount)
        if options.flags.contains(.bind), !options.flags.contains(.remount), !perMount.isEmpty {
            calls.append(MountCall(source: "", target: target, type: "", flags: perMount.union([.bind, .remount])))
        }
        calls += options.propagation.map { MountCall(source: "", target: target, type: "", flags: $0) }
        return calls
    }

    func perform() throws(SystemError) {
        let result = cinit_mount(source, target, type, flags.rawValue, data.isEmpty ? nil : data)
        try SystemError.check(
            result, "mount", type.isEmpty || flags.contains(.bind) ? "\(source) on \(target)" : "\(type) on \(target)")
    }
}
