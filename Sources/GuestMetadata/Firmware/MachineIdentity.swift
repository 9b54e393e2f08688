internal import GuestSystem

/// What the firmware says about the machine (SMBIOS types 0 to 3), by which clouds are told apart.
struct MachineIdentity: Sendable {
    var vendor = ""
    var product = ""
    var serial = ""
    var uuid = ""
    var assetTag = ""
    var firmwareVersion = ""

    static let folder = "/sys/class/dmi/id"

    /// - Parameter folder: may be missing; then nothing is known.
    static func read(_ folder: String = folder) -> MachineIdentity {
        func text(_ name: String) -> String { Files.text("\(folder)/\(name)") ?? "" }
        return MachineIdentity(
            vendor: text("sys_vendor"), product: text("product_name"), serial: text("product_serial"),
            uuid: text("product_uuid"), assetTag: text("chassis_asset_tag"), firmwareVersion: text("bios_version"))
    }

    /// The cloud that this machine belongs to; nil when the firmware does not tell.
    var cloud: Provider? {
        switch vendor {
        case "Amazon EC2": return .amazon
        case "Google": return .google
        case "Hetzner": return .hetzner
        case "Scaleway": return .scaleway
        case "Vultr": return .vultr
        case "DigitalOcean": return .digitalOcean
        case "VMware, Inc.": return .vmware
        case "OpenStack Foundation": return .openStack
        default: break
        }
        if product == "Google Compute Engine" { return .google }
        if product.hasPrefix("OpenStack ") { return .openStack }
        if product.hasPrefix("Exoscale") { return .exoscale }
        // Xen machines of Amazon.
        if firmwareVersion.hasSuffix(".amazon") { return .amazon }
        switch assetTag {
        case "7783-7084-3265-9085-8269-3286-77": return .azure
        case "OracleCloud.com": return .oracle
        case "OpenTelekomCloud", "HUAWEICLOUD", "SAP CCloud VM", "OpenStack Nova", "OpenStack Compute":
            return .openStack
        default: return nil
        }
    }
}
