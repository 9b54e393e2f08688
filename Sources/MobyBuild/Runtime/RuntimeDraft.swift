internal import BootLayout
internal import Extents
internal import MobySpec
internal import OCI

/// The making of one `RuntimeConfig`: faults are collected here, so that a run reports them all.
struct RuntimeDraft {
    let input: RuntimeConfig.Input
    let merge: OptionMerge
    var faults: [Diagnostic] = []

    init(_ input: RuntimeConfig.Input) {
        self.input = input
        merge = OptionMerge(yaml: input.container.options, label: input.label, location: input.container.location)
    }

    var container: ContainerSpec { input.container }

    /// Where to point at for a value: its own place, or the image whose label has it.
    func place(_ origin: Origin) -> SourceLocation {
        switch origin {
        case .spec(let location): location
        case .label, .image: container.image.location
        case .standard, .derived: container.location
        }
    }

    /// Runs `body`; a fault of the text is noted and nil returned.
    mutating func noting<Value>(_ body: () throws(Diagnostic) -> Value) -> Value? {
        do { return try body() } catch {
            faults.append(error)
            return nil
        }
    }

    mutating func config() throws -> Traced {
        let capabilities = self.capabilities()
        let process = try self.process(capabilities)
        let readonly = merge.choose("readonly") { $0.readonly }
        let root = Traced.object(present: [
            ("path", .value(.string("rootfs"), .standard)), ("readonly", .flag(readonly)),
        ])
        let hostname = merge.chooseText("hostname") { $0.hostname }
        if let hostname, Namespaces.isShared(merge.chooseText("uts") { $0.uts }) {
            faults.append(
                Diagnostic(
                    at: place(hostname.origin),
                    "hostname '\(PlainText.short(hostname.value))' needs a uts namespace of its own; runc refuses it otherwise",
                    hint: "add uts: new"))
        }
        let members: [(key: String, value: Traced?)] = [
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

    private mutating func capabilities() -> (effective: [Choice<String>], ambient: [Choice<String>]) {
        let (merge, place) = (merge, place)
        let words = merge.chooseList("capabilities", { $0.capabilities }, adding: { $0.capabilitiesAdd })
        let effective = noting { () throws(Diagnostic) in try Capabilities.expand(words, at: place) } ?? []
        let asked = merge.choose("ambient") { $0.ambient }
        let ambientWords = (asked?.value ?? []).map { Choice(value: $0, origin: asked?.origin ?? .standard) }
        let ambient = noting { () throws(Diagnostic) in try Capabilities.expand(ambientWords, at: place) } ?? []
        return (effective, ambient)
    }

    private mutating func mounts(readonly: Choice<Bool>?) -> [Traced] {
        var table = MountTable(readonly: readonly, volumes: input.volumes, place: place)
        if let tmpfs = merge.choose("tmpfs", { $0.tmpfs }) {
            for text in tmpfs.value { _ = noting { () throws(Diagnostic) in try table.add(tmpfs: text, tmpfs.origin) } }
        }
        for bind in merge.chooseList("binds", { $0.binds }, adding: { $0.bindsAdd }) {
            _ = noting { () throws(Diagnostic) in try table.add(bind: bind.value, bind.origin) }
        }
        if let mounts = merge.choose("mounts", { $0.mounts }) {
            for mount in mounts.value { _ = noting { () throws(Diagnostic) in try table.add(mount, mounts.origin) } }
        }
        for mount in table.unknownTypes {
            faults.append(unknownType(mount.type, "'\(PlainText.short(mount.destination))'", at: place(mount.origin)))
        }
        return table.traced
    }

    /// A file system that this may be a misspelling of, or a module that nobody here knows.
    func unknownType(_ type: String, _ destination: String, at location: SourceLocation) -> Diagnostic {
        let guess = Spelling.closest(to: type, in: FileSystemTypes.all).map { "did you mean '\($0)'?" }
        return Diagnostic(
            .warning, at: location,
            "the mount at \(destination) of '\(container.name)' has the unknown type '\(PlainText.short(type))'",
            hint: guess ?? "the kernel or one of its modules must have it")
    }
}
