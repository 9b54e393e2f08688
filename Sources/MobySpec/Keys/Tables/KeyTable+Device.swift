internal import Extents

extension Codec where Value == DeviceSpec {
    static var device: Codec {
        let device = object(.device) { _ in
            DeviceSpec(path: "", type: "")
        } finish: { device, node, reading in
            guard device.path != "all" else { return device }
            if !device.path.hasPrefix("/") {
                let found = "has the path '\(PlainText.short(device.path))'"
                reading.fault(at: node.location, "\(reading.subject) \(found), expected an absolute path or 'all'")
            }
            if node["mode"] == nil {
                reading.fault(
                    at: node.location, "\(reading.subject) has no 'mode'", hint: "add mode: \"0660\", with quotes")
            }
            return device
        } from: {
            $0
        }
        let rule =
            #"{"if": {"properties": {"path": {"const": "all"}}}, "else": {"required": ["mode"], "properties": {"path": {"pattern": "^/"}}}}"#
        return device.shaped(.restricted(device.shape, schema: rule))
    }
}

extension KeyTable where Owner == DeviceSpec {
    static let device = KeyTable(
        "device",
        "A device node that the container gets and may use. `path: all` allows a whole type without making nodes.",
        [
            Key("path", \.path, .word, absent: nil, "Path in the container, or `all`.", example: "/dev/console"),
            Key(
                "type", \.type, .choice(["c", "b", "a", "u", "p"]), absent: nil,
                "`c` character device, `b` block device, `a` all, `u`, `p`.",
                example: "c"),
            Key("major", \.major, .integer(-1...Int64(UInt32.max)), absent: { $0 == 0 }, "Major number.", example: "5")
                .defaulting(to: "0"),
            Key("minor", \.minor, .integer(-1...Int64(UInt32.max)), absent: { $0 == 0 }, "Minor number.", example: "1")
                .defaulting(to: "0"),
            Key(
                "mode", \.mode, Codec<UInt32>.mode,
                "Permission bits, octal, in quotes. Required unless `path` is `all`.",
                example: "\"0666\""),
        ])
}
