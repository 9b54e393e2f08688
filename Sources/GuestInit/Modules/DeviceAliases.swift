/// The `modalias` files of sysfs: how devices name the driver they want.
struct DeviceAliases: Sendable {
    /// Which buses are looked at.
    var includesBus: @Sendable (String) -> Bool
    var root = "/sys"

    /// Disks and networks: what containers need at once.
    static let urgent = DeviceAliases { !late.contains($0) }
    /// Processors' features, keys and the like: drivers that can come while services start.
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
