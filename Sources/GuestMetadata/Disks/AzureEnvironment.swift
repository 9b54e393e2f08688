/// `ovf-env.xml` on Azure's provisioning CD: hostname, keys and custom data.
enum AzureEnvironment {
    static let name = "ovf-env.xml"

    /// - Returns: nil when the CD has no such file.
    static func read(_ root: borrowing Folder, origin: String) throws(MetadataError) -> Finding? {
        guard let bytes = try root.read(name) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        var finding = Finding(provider: "Azure", origin: "Azure \(origin)")
        finding.hostname = XMLText.element("HostName", in: text)
        // A key is in the element Value of a PublicKey; nothing else there has white space in its Value.
        for value in XMLText.elements("Value", in: text) where value.contains(" ") {
            finding.add(keys: Text.lines(value))
        }
        if let data = XMLText.element("CustomData", in: text) ?? XMLText.element("UserData", in: text), !data.isEmpty {
            finding.attempt { finding throws(MetadataError) in
                finding.userData = try Base64.decode(data, of: "CustomData of '\(name)'")
            }
        }
        return finding
    }
}
