internal import DiskImage
public import Extents

/// CDs that bring user data to a guest: ISO 9660 with Rock Ridge. Equal data, equal bytes.
public enum DataDisc {
    /// Some drivers refuse discs below 64 KiB.
    private static let least: UInt64 = 64 << 10

    /// LinuxKit's: one file, `config`.
    public static func image(config: [UInt8]) throws -> ExtentList { try image([("config", config)], label: "CONFIG") }

    /// cloud-init's NoCloud: `user-data` and `meta-data` on a volume called `CIDATA`.
    public static func image(userData: [UInt8], metaData: [UInt8]) throws -> ExtentList {
        try image([("user-data", userData), ("meta-data", metaData)], label: "CIDATA")
    }

    private static func image(_ files: [(name: String, content: [UInt8])], label: String) throws -> ExtentList {
        var image = try ISO9660.image(
            files.map { ISO9660.Entry($0.name, ExtentList(bytes: $0.content)) }, volumeID: label)
        image.pad(to: max(image.length, least))
        return image
    }
}
