internal import BootLayout
internal import Extents
internal import JSON
internal import MobySpec

/// The making of one `RuntimeConfig`: diagnostics are collected here, so that a run reports them all.
struct RuntimeConfigBuilder {
    let input: RuntimeConfig.Input
    let merge: OptionMerge
    var diagnostics: [Diagnostic] = []

    init(_ input: RuntimeConfig.Input) {
        self.input = input
        merge = OptionMerge(yaml: input.container.options, label: input.label, location: input.container.location)
    }

    var container: ContainerSpec { input.container }

    /// Where to point at for a value: its own location, or the image whose label has it.
    func location(of origin: Origin) -> SourceLocation {
        switch origin {
        case .spec(let location): location
        case .label, .image: container.image.location
        case .standard, .derived: container.location
        }
    }

    mutating func config() throws -> JSONWithOrigins {
        let capabilities = self.capabilities()
        let process = try self.process(capabilities)
        let readonly = merge.choose("readonly") { $0.readonly }
        let root = JSONWithOrigins.object(present: [
            ("path", .value(.string("rootfs"), .standard)), ("readonly", .flag(readonly)),
        ])
        let hostname = merge.chooseText("hostname") { $0.hostname }
        if let hostname, Namespaces.isShared(merge.chooseNamespace("uts") { $0.uts }) {
            diagnostics.append(
                Diagnostic(
                    at: location(of: hostname.origin),
                    "hostname '\(PlainText.short(hostname.value))' needs a uts namespace of its own; runc refuses it otherwise",
                    hint: "add uts: new"))
        }
        let members: [(key: String, value: JSONWithOrigins?)] = [
            ("ociVersion", .value(.string("1.0.2"), .standard)),
            ("process", process),
            ("root", root),
            ("hostname", .string(hostname)),
            ("mounts", .array(mounts(readonly: readonly))),
            ("annotations", .map(merge.choose("annotations") { $0.annotations })),
            ("linux", linux(capabilities)),
        ]
        return .object(present: members) ?? .object([])
    }

    private func capabilities() -> (effective: [WithOrigin<String>], ambient: [WithOrigin<String>]) {
        let words = merge.chooseList("capabilities", { $0.capabilities }, adding: { $0.capabilitiesAdd })
        let ambient = merge.choose("ambient") { $0.ambient }
        let ambientWords = (ambient?.value ?? []).map { WithOrigin(value: $0, origin: ambient?.origin ?? .standard) }
        return (Capabilities.expand(words), Capabilities.expand(ambientWords))
    }

    private mutating func mounts(readonly: WithOrigin<Bool>?) -> [JSONWithOrigins] {
        var table = MountTable(
            readonly: readonly, hidesProcesses: input.machine.hidesProcesses, bindsSys: needsMachineSys)
        if let tmpfs = merge.choose("tmpfs", { $0.tmpfs }) {
            for entry in tmpfs.value { table.add(entry, tmpfs.origin) }
        }
        for bind in merge.chooseList("binds", { $0.binds }, adding: { $0.bindsAdd }) {
            let options = bind.value.options ?? ["rw", "rbind", "rshared"]
            table.add(bind.value, source: path(of: bind.value.source, options, bind.origin), bind.origin)
        }
        if let mounts = merge.choose("mounts", { $0.mounts }) {
            for mount in mounts.value {
                let source = mount.source.flatMap { $0.isEmpty ? nil : $0 } ?? mount.impliedType ?? ""
                let path = mount.isBind ? path(of: source, mount.options ?? [], mounts.origin) : source
                table.add(mount, source: path, mounts.origin)
            }
        }
        supervisionMounts(&table)
        for mount in table.unknownTypes {
            diagnostics.append(
                unknownType(mount.type, "'\(PlainText.short(mount.destination))'", at: location(of: mount.origin)))
        }
        return table.traced
    }

    /// The path of a bind's source; a volume of a label is only known to exist here.
    private mutating func path(of source: String, _ options: [String], _ origin: Origin) -> String {
        do throws(SyntaxError) { return try input.volumes.path(of: source, options: options) } catch {
            diagnostics.append(error.diagnostic(subject(origin), at: location(of: origin)))
            return source
        }
    }

    /// Who has a value, for messages.
    func subject(_ origin: Origin) -> String {
        origin == .label ? "the label of '\(PlainText.short(container.image.value))'" : "'\(container.name)'"
    }

    /// A file system that this may be a misspelling of, or one that an unknown module provides.
    func unknownType(_ type: String, _ destination: String, at location: SourceLocation) -> Diagnostic {
        let guess = Spelling.closest(to: type, in: FileSystemTypes.all).map { "did you mean '\($0)'?" }
        return Diagnostic(
            .warning, at: location,
            "the mount at \(destination) of '\(container.name)' has the unknown type '\(PlainText.short(type))'",
            hint: guess ?? "the kernel or one of its modules must have it")
    }
}

extension RuntimeConfigBuilder {
    /// `runtime.json`: the mounts of the root file system first, then the `runtime` section, each of its keys merged
    /// alone.
    mutating func record() -> (RuntimeRecord, [(pointer: String, origin: Origin)]) {
        var record = RuntimeRecord()
        var origins: [(pointer: String, origin: Origin)] = []
        func take<Value: Sendable>(_ key: String, _ field: (RuntimeSpec) -> Value?) -> Value? {
            guard let choice = merge.choose("runtime." + key, { $0.runtime.flatMap(field) }) else { return nil }
            origins.append(("/" + key.split(separator: ".").joined(separator: "/"), choice.origin))
            return choice.value
        }
        record.cgroups = take("cgroups") { $0.cgroups } ?? []
        (record.userRanges, record.groupRanges) = ownerRanges
        let (root, rootOrigin) = rootMounts(isShifted: record.hasOwners)
        for index in root.indices { origins.append(("/mounts/\(index)", rootOrigin)) }
        record.mounts = root + (take("mounts") { $0.mounts } ?? []).map { mount($0) }
        record.mkdir = take("mkdir") { $0.mkdir } ?? []
        record.interfaces = (take("interfaces") { $0.interfaces } ?? []).map {
            RuntimeRecord.Interface(
                name: $0.name ?? "", add: $0.add ?? "", peer: $0.peer ?? "", createInRoot: $0.createInRoot ?? false)
        }
        for kind in RuntimeRecord.namespaceKinds {
            if let path = take("bindNS.\(kind)", { $0.bindNS?[kind] }) { record.bindNS[kind] = path }
        }
        record.namespace = take("namespace") { $0.namespace } ?? ""
        policies(&record, &origins)
        supervise(&record, &origins)
        return (record, origins)
    }

    /// How much a container may write to its root: a share of the machine's memory. What it writes is charged to its
    /// own memory limit, if it has one.
    private static let rootSize = "50%"

    /// How `rootfs` comes to be: the image's tree itself, or an overlay over it whose changes live in memory.
    private func rootMounts(isShifted: Bool) -> ([RuntimeRecord.Mount], Origin) {
        let (bundle, tree) = (input.placement.bundle, input.placement.imageTree)
        let size = merge.choose("size") { $0.size?.text } ?? WithOrigin(value: Self.rootSize, origin: .standard)
        // On a root that is read-only itself, runc could not create the mount points that an image lacks.
        if let readonly = merge.choose("readonly", { $0.readonly }), readonly.value, !input.machine.isReadOnly,
            !isShifted
        {
            return (
                [RuntimeRecord.Mount(destination: "\(bundle)/rootfs", source: tree, options: ["bind"])], readonly.origin
            )
        }
        return (
            [
                RuntimeRecord.Mount(
                    destination: "\(bundle)/tmp", type: "tmpfs", source: "tmpfs", options: ["size=\(size.value)"]),
                RuntimeRecord.Mount(
                    destination: "\(bundle)/rootfs", type: "overlay", source: "overlay",
                    // Only the owners of files are copied, not their contents.
                    options: ["lowerdir=\(tree)", "upperdir=\(bundle)/tmp/upper", "workdir=\(bundle)/tmp/work"]
                        + (isShifted ? ["metacopy=on"] : [])),
            ], .derived("writable root")
        )
    }

    private mutating func mount(_ spec: MountSpec) -> RuntimeRecord.Mount {
        let options = spec.options ?? []
        var source = spec.source ?? ""
        let isBind = spec.isBind
        if isBind, !source.isEmpty {
            source = path(of: source, options, merge.runtimeMountsOrigin)
        }
        if let type = spec.type, !isBind, !type.isEmpty, !FileSystemTypes.knows(type) {
            diagnostics.append(
                unknownType(
                    type, "'\(PlainText.short(spec.destination ?? ""))'", at: merge.location(of: "runtime.mounts")))
        }
        return RuntimeRecord.Mount(
            destination: spec.destination ?? "", type: spec.type ?? "", source: source, options: options)
    }

    private func policies(_ record: inout RuntimeRecord, _ origins: inout [(pointer: String, origin: Origin)]) {
        if let restart = merge.choose("restart", { $0.restart }) {
            record.restart = restart.value
            origins.append(("/restart", restart.origin))
        }
        if input.placement.section == .services {
            record.timeout = 0
        } else if let timeout = merge.choose("timeout", { $0.timeout }) ?? defaultLimit {
            record.timeout = timeout.value
            origins.append(("/timeout", timeout.origin))
        }
        if input.placement.section == .services, let keep = merge.choose("keep", { $0.keep }), keep.value {
            record.keepsRoot = true
            origins.append(("/keep", keep.origin))
        }
        if let policy = merge.choose("onfailure", { $0.onFailure }) {
            record.onFailure = policy.value
            origins.append(("/onFailure", policy.origin))
        }
        // A service whose failure ends the machine is not to be started again first.
        if input.placement.section == .services, record.onFailure != .continue,
            merge.choose("restart", { $0.restart }) == nil
        {
            record.restart = .no
            origins.append(("/restart", .derived("onfailure")))
        }
    }

    /// Seconds that a container may take which says nothing about it; services have no limit.
    private var defaultLimit: WithOrigin<Int>? {
        switch input.placement.section {
        case .onboot: WithOrigin(value: RuntimeRecord.onbootLimit, origin: .standard)
        case .onshutdown: WithOrigin(value: RuntimeRecord.onshutdownLimit, origin: .standard)
        case .services: nil
        }
    }
}
