internal import GuestSystem

/// The `modalias` files of sysfs, in which devices name the driver that they need.
struct DeviceAliases: Sendable {
    /// Which buses are read.
    var includesBus: @Sendable (String) -> Bool
    var root = "/sys"

    /// Disks and networks: what containers need at once.
    static let urgent = DeviceAliases { !late.contains($0) }
    /// Also processor features, keyboards and the like, whose drivers can load while services start.
    static let all = DeviceAliases { _ in true }

    private static let late: Set<String> = [
        "cpu", "serio", "input", "gameport", "i2c", "spi", "hid", "rmi4", "acpi", "pnp", "dmi",
    ]

    /// Every alias once.
    func read() -> [String] {
        var seen: Set<String> = []
        var aliases: [String] = []
        func take(_ path: String) {
            guard let alias = Files.text(path), !alias.isEmpty, seen.insert(alias).inserted else { return }
            aliases.append(alias)
        }
        for bus in Files.names(in: root + "/bus") where includesBus(bus) {
            let devices = root + "/bus/" + bus + "/devices"
            for device in Files.names(in: devices) { take(devices + "/" + device + "/modalias") }
        }
        for (kind, folder) in [("input", "/class/input"), ("dmi", "/class/dmi")] where includesBus(kind) {
            for device in Files.names(in: root + folder) { take(root + folder + "/" + device + "/modalias") }
        }
        return aliases
    }
}

/// A kernel event that a device appeared or disappeared: `add@/devices/…`, then `NAME=value` fields, each ended by a
/// zero byte.
struct DeviceEvent: Equatable {
    var action = ""
    var subsystem = ""
    var alias: String?
    /// Below `/dev`.
    var node: String?

    init?(_ message: ArraySlice<UInt8>) {
        let fields = message.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let first = fields.first, first.contains("@") else { return nil }
        for field in fields.dropFirst() {
            guard let equals = field.firstIndex(of: "=") else { continue }
            let value = String(field[field.index(after: equals)...])
            switch field[..<equals] {
            case "ACTION": action = value
            case "SUBSYSTEM": subsystem = value
            case "MODALIAS": alias = value
            case "DEVNAME": node = value
            default: break
            }
        }
    }
}

/// Finds devices that have no driver in this image.
struct Drivers {
    private let hasModule: (String) -> Bool
    private let root: String

    /// - Parameter modules: nil for an image without modules.
    init(_ modules: ModuleLoader?) { self.init(root: "/sys") { modules?.hasModule(matching: $0) ?? false } }

    init(root: String, hasModule: @escaping (String) -> Bool) {
        self.root = root
        self.hasModule = hasModule
    }

    /// A line for each device on the PCI or virtio bus that a machine has on purpose and that has no driver, neither
    /// loaded nor in the image.
    func missing() -> [String] {
        devices("pci") { folder in
            guard let code = number(folder + "/class"), let kind = Self.kinds[code >> 16] ?? Self.kinds[code >> 8]
            else { return nil }
            return "PCI device \(identity(folder + "/vendor")):\(identity(folder + "/device")) (\(kind))"
        }
            + devices("virtio") { folder in
                guard let number = number(folder + "/device"), let kind = Self.virtioKinds[number] else { return nil }
                return "virtio device \(number) (\(kind))"
            }
    }

    private func devices(_ bus: String, _ describe: (String) -> String?) -> [String] {
        let folder = root + "/bus/" + bus + "/devices"
        return Files.names(in: folder).compactMap { name in
            let device = folder + "/" + name
            guard !Files.exists(device + "/driver"), let text = describe(device) else { return nil }
            // A module that refuses a device is not the image's error.
            if let alias = Files.text(device + "/modalias"), !alias.isEmpty, hasModule(alias) { return nil }
            return "no driver for \(text) in this image"
        }
    }

    private func number(_ path: String) -> Int? {
        guard let text = Files.text(path), text.hasPrefix("0x") else { return nil }
        return Int(text.dropFirst(2), radix: 16)
    }

    private func identity(_ path: String) -> String { Files.text(path).map { String($0.dropFirst(2)) } ?? "?" }

    /// Classes of PCI (PCI Code and ID Assignment Specification, 1): base classes, and base classes with subclasses.
    /// Bridges work without a driver, and chipsets have IDE and SATA controllers (0x0101, 0x0106) with or without
    /// disks.
    private static let kinds = [
        0x02: "network", 0x0D: "wireless", 0x0100: "SCSI", 0x0104: "RAID", 0x0107: "SAS", 0x0108: "NVMe",
        0x0180: "storage",
    ]

    /// Device types of virtio (Virtual I/O Device 1.2, 5). A machine works without the others, such as the balloon.
    private static let virtioKinds = [
        1: "network", 2: "disk", 3: "console", 4: "random numbers", 8: "SCSI", 9: "9P", 16: "graphics", 18: "input",
        19: "socket",
        26: "file system",
    ]
}
