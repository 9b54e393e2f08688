internal import CInit
internal import GuestSystem

/// A file in `/dev` that exists before its driver is loaded: opening it makes the kernel load the driver.
struct ModuleDevice: Equatable {
    /// Below `/dev`.
    var name: String
    var major: UInt32
    var minor: UInt32

    /// Files that every user may open, as udev's rules have them.
    private static let open: Set<String> = ["fuse", "net/tun"]

    /// Does nothing when the file exists.
    func create(in folder: String = "/dev") throws(SystemError) {
        let path = folder + "/" + name
        guard !Files.exists(path) else { return }
        if let parent = Files.parent(of: path) { try Files.makeDirectories(parent) }
        try SystemError.check(
            cinit_character_device(path, Self.open.contains(name) ? 0o666 : 0o600, major, minor), "creating", path)
    }
}

extension ModuleIndex {
    /// The files of modules that can be loaded on demand. Such a module has two aliases, from which depmod makes
    /// `modules.devname`: `devname:loop-control` and `char-major-10-237`.
    func deviceNodes() -> [ModuleDevice] {
        var names: [String: String] = [:]
        var numbers: [String: (UInt32, UInt32)] = [:]
        let (name, number) = (Array("alias devname:".utf8), Array("alias char-major-".utf8))
        Lines.each(in: aliases) { line in
            let isName = line.starts(with: name)
            guard isName || line.starts(with: number) else { return }
            let words = Lines.words(line)
            guard words.count == 3 else { return }
            let module = Self.name(of: words[2])
            if isName {
                names[module] = Lines.string(words[1].dropFirst("devname:".utf8.count))
            } else {
                let parts = words[1].dropFirst("char-major-".utf8.count).split(separator: UInt8(ascii: "-"))
                let values = parts.compactMap { UInt32(Lines.string($0)) }
                if parts.count == 2, values.count == 2 { numbers[module] = (values[0], values[1]) }
            }
        }
        return names.sorted { $0.key < $1.key }.compactMap { module, name in
            guard let number = numbers[module], !name.split(separator: "/").contains("..") else { return nil }
            return ModuleDevice(name: name, major: number.0, minor: number.1)
        }
    }
}
