internal import Extents

/// Errors that only show when all files are merged: duplicate names, names of things that do not exist.
struct SpecCheck {
    private(set) var found: [Diagnostic] = []
    private let containers: Set<String>
    private let volumes: VolumeTable

    /// Names of volumes that could not be read.
    private let brokenVolumes: Set<String>

    /// - Parameters:
    ///   - declared: names by noun as ``Reading`` found them, the broken ones too.
    ///   - outputFormats: names that `outputs` may have; empty for any.
    ///   - notMade: names that are known but not supported, each with a hint.
    init(_ spec: Spec, declared: [String: Set<String>], outputFormats: [String] = [], notMade: [String: String] = [:]) {
        containers = Spec.Section.allCases.reduce(into: []) { $0.formUnion(declared[$1.noun] ?? []) }
        volumes = VolumeTable(spec)
        brokenVolumes = (declared["volume"] ?? []).subtracting(volumes.names)
        unique(spec.services.map { ($0.name, $0.location) }, "service")
        unique(spec.volumes.map { ($0.name, $0.location) }, "volume")
        for section in Spec.Section.allCases {
            for container in spec[section] where !container.name.isEmpty { check(container, section) }
        }
        for volume in spec.volumes { check(volume) }
        found += ServiceOrder(spec.services, declared: declared["service"] ?? []).problems
        if let network = spec.network { check(network) }
        for output in spec.outputs where !outputFormats.isEmpty { check(output.format, outputFormats, notMade) }
        for file in spec.files {
            let who = "file '\(PlainText.short(file.path))'"
            check(file.uid, "uid", of: who, at: file.location)
            check(file.gid, "gid", of: who, at: file.location)
        }
    }

    private mutating func error(_ location: SourceLocation, _ message: String, hint: String? = nil) {
        found.append(Diagnostic(at: location, message, hint: hint))
    }

    private mutating func check(_ format: Located<String>, _ known: [String], _ notMade: [String: String]) {
        guard !known.contains(format.value) else { return }
        if let hint = notMade[format.value] {
            return error(format.location, "output format '\(format.value)' is not supported", hint: hint)
        }
        let guess = Spelling.closest(to: format.value, in: known).map { "did you mean '\($0)'? " } ?? ""
        error(
            format.location, "unknown output format '\(PlainText.short(format.value))'",
            hint: guess + "formats: \(known.joined(separator: ", "))")
    }

    private mutating func unique(_ names: [(name: String, location: SourceLocation)], _ noun: String) {
        var first: [String: SourceLocation] = [:]
        for (name, location) in names where !name.isEmpty {
            if let earlier = first[name] {
                error(
                    location, "duplicate \(noun) '\(PlainText.short(name))' (first at \(earlier))",
                    hint: "give one of them another name")
            } else {
                first[name] = location
            }
        }
    }

    /// Keys that only services have.
    static let serviceKeys = ["stopGrace", "after", "ready", "required", "early", "health"]

    private mutating func check(_ container: ContainerSpec, _ section: Spec.Section) {
        let options = container.options
        let who = "\(section.noun) '\(PlainText.short(container.name))'"
        func location(_ key: String) -> SourceLocation { options.locations[key] ?? container.location }
        if section == .services {
            if options.timeout != nil { misplaced("timeout", who, "onboot and onshutdown", location("timeout")) }
        } else {
            if options.locations["restart"] != nil { misplaced("restart", who, "services", location("restart")) }
            for key in Self.serviceKeys where options.locations[key] != nil {
                misplaced(key, who, "services", location(key))
            }
            if section == .onshutdown, options.onFailure != nil {
                misplaced("onfailure", who, "onboot and services", location("onfailure"))
            }
        }
        check(options.uid, "uid", of: who, at: location("uid"))
        check(options.gid, "gid", of: who, at: location("gid"))
        for (index, group) in (options.additionalGids ?? []).enumerated() {
            check(group, "additionalGids", of: who, at: location("additionalGids[\(index)]"))
        }
        for (key, binds) in [("binds", options.binds), ("binds.add", options.bindsAdd)] {
            for (index, bind) in (binds ?? []).enumerated() {
                check(volume: bind.source, bind.options, who, at: location("\(key)[\(index)]"))
            }
        }
        for (key, mounts) in [("mounts", options.mounts), ("runtime.mounts", options.runtime?.mounts)] {
            for (index, mount) in (mounts ?? []).enumerated() where mount.isBind && mount.source?.isEmpty == false {
                check(volume: mount.source ?? "", mount.options, who, at: location("\(key)[\(index)]"))
            }
        }
    }

    private mutating func check(volume name: String, _ options: [String]?, _ who: String, at location: SourceLocation) {
        guard !brokenVolumes.contains(name) else { return }
        do throws(SyntaxError) { _ = try volumes.path(of: name, options: options ?? []) } catch {
            found.append(error.diagnostic(who, at: location))
        }
    }

    private mutating func check(_ network: NetworkSpec) {
        let search = CircleSearch(from: network.links.map(\.name)) { network[$0]?.parts ?? [] }
        for circle in search.circles {
            let shown = circle.map { "'\(PlainText.short($0))'" }.joined(separator: " of ")
            guard let location = circle.first.flatMap({ network[$0]?.location }) else { continue }
            error(
                location, "interfaces are made of each other: \(shown)",
                hint: "a 'vlan' or 'bond' names interfaces that exist without it, such as eth0")
        }
    }

    private mutating func check(_ volume: VolumeSpec) {
        let who = "volume '\(PlainText.short(volume.name))'"
        let type = volume.format.fileSystem
        guard let device = volume.device else {
            guard let type else { return }
            return error(
                volume.location, "\(who) has format '\(type)' and no device",
                hint: "add a device, such as LABEL=MOBY_DATA, or remove 'format'")
        }
        if let image = volume.image, !image.value.isEmpty {
            error(image.location, "\(who) has an image and a device", hint: "remove one of them")
        }
        if volume.format == .oci { error(volume.location, "\(who) has a device, which cannot be of format 'oci'") }
        guard let type else { return }
        switch device {
        case .label(let label) where label.utf8.count > volume.format.labelLimit:
            error(
                volume.location,
                "the label '\(label)' of \(who) is too long: \(type) has at most \(volume.format.labelLimit) bytes")
        case .uuid:
            error(
                volume.location, "\(who) names its disk by UUID, which '\(type)' cannot be made with",
                hint: "use a label, or remove 'format'")
        case .label, .path: break
        }
        if volume.readonly {
            error(volume.location, "\(who) is read-only, and '\(type)' cannot be made on it", hint: "remove 'format'")
        }
    }

    private mutating func check(_ identity: Identity?, _ key: String, of who: String, at location: SourceLocation) {
        guard case .container(let name)? = identity, !containers.contains(name) else { return }
        found.append(Identity.unknown(name, key, of: who, at: location, containers: containers.sorted()))
    }

    private mutating func misplaced(_ key: String, _ who: String, _ where: String, _ location: SourceLocation) {
        error(location, "'\(key)' of \(who) has no effect; it applies only to \(`where`)", hint: "remove it")
    }
}

extension Identity {
    /// The report of a name that no container has.
    public static func unknown(
        _ name: String, _ key: String, of who: String, at location: SourceLocation, containers: [String]
    ) -> Diagnostic {
        let guess = Spelling.closest(to: name, in: containers).map { "did you mean '\($0)'?" }
        let names = containers.prefix(5).joined(separator: ", ") + (containers.count > 5 ? ", …" : "")
        let ways = containers.isEmpty ? "write a number" : "write a number, or the name of a container: \(names)"
        return Diagnostic(
            at: location, "'\(key)' of \(who) is '\(PlainText.short(name))', but no container has that name",
            hint: UInt32(name) != nil
                ? "remove the quotes: \(PlainText.short(name))"
                : guess ?? "\(ways); names of users in images are not known")
    }
}
