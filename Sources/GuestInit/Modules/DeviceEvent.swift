/// A message of the kernel that a device came or went: `add@/devices/…`, then `NAME=value` fields, each ended by a zero
/// byte.
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
