internal import GuestYAML
internal import JSON

/// `meta-data` of NoCloud, JSON or YAML, and `meta_data.json` of a config drive: of them hostname and ssh keys.
struct InstanceMetadata: Equatable {
    private(set) var hostname: String?
    private(set) var keys: [String] = []
    private(set) var errors: [MetadataError] = []

    private static let hostnameNames = ["local-hostname", "local_hostname", "hostname"]
    private static let keyNames = ["public-keys", "public_keys"]

    init(_ json: JSONValue) {
        hostname = Self.hostnameNames.lazy.compactMap { json[$0]?.string }.first
        for name in Self.keyNames { keys += json[name]?.keyLines ?? [] }
    }

    /// What cannot be read is an error, and means nothing.
    init(_ bytes: [UInt8]) {
        guard !Text.trimmed(bytes).hasPrefix("{") else {
            do throws(JSONError) {
                self.init(try JSONValue(parsing: bytes))
            } catch {
                self.init(error: MetadataError("meta-data: invalid JSON: \(error)"))
            }
            return
        }
        do throws(YAMLError) {
            self.init(try YAMLSubsetReader.read(bytes))
        } catch {
            self.init(error: MetadataError("meta-data: \(error)"))
        }
    }

    private init(error: MetadataError) { errors = [error] }

    private init(_ yaml: YAMLNode) {
        hostname = Self.hostnameNames.lazy.compactMap { yaml[$0]?.text }.first
        for name in Self.keyNames {
            guard let node = yaml[name] else { continue }
            let values = node.items ?? node.entries?.map { $0.value } ?? [node]
            for value in values {
                // Amazon's form has a mapping for each key.
                keys += Text.lines((value["openssh-key"] ?? value).text ?? "")
            }
        }
    }
}
