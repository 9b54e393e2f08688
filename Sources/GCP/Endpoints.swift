public import Cloud
internal import FoundationEssentials
internal import HTTP

/// Where Google's APIs answer; each can be another server, as `gcloud` allows it.
///
/// Each counts by itself. Over https an API gets a token. Over plain HTTP storage is an emulator, which gets none; the
/// others get one only on loopback, where they also work without.
public struct Endpoints: Sendable, Equatable {
    /// Cloud Storage JSON API, without `/storage/v1`.
    public var storage = "https://storage.googleapis.com"
    /// Compute Engine API with its version.
    public var compute = "https://compute.googleapis.com/compute/v1"
    /// Cloud Resource Manager API with its version, which knows the account's permissions; nil is never asked.
    public var resourceManager: String? = "https://cloudresourcemanager.googleapis.com/v1"
    /// OAuth 2.0 tokens, where a credential does not name its own.
    public var token = "https://oauth2.googleapis.com/token"
    /// The metadata server of a Google machine.
    public var metadata = "http://metadata.google.internal"
    /// Host and port of the serial console; nil is the gateway of the zone's region.
    public var serialPort: String?
    /// Host keys of the serial gateways.
    public var serialPortKeys = "https://www.gstatic.com/vm_serial_port_public_keys"

    public init() {}

    /// - Parameter environment: `CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE`, `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`,
    ///   `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER`, `STORAGE_EMULATOR_HOST`, `CLOUDSDK_AUTH_TOKEN_HOST`,
    ///   `GCE_METADATA_HOST`, `MOBY_GCP_SERIAL_GATEWAY`, `MOBY_GCP_SERIAL_KEYS`.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let host = value("STORAGE_EMULATOR_HOST") { storage = Self.origin(host) }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE") { storage = Self.without("/storage/v1", url) }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE") {
            compute = Self.without("", url)
            // Another Compute Engine keeps its accounts elsewhere.
            resourceManager = nil
        }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER") {
            resourceManager = "\(Self.without("/v1", url))/v1"
        }
        if let url = value("CLOUDSDK_AUTH_TOKEN_HOST") { token = url }
        if let host = value("GCE_METADATA_HOST") { metadata = Self.origin(host) }
        serialPort = value("MOBY_GCP_SERIAL_GATEWAY")
        if let url = value("MOBY_GCP_SERIAL_KEYS") { serialPortKeys = Self.without("", url) }
    }

    /// Whether storage is an emulator, which needs no token.
    public var storageIsEmulated: Bool { storage.hasPrefix("http://") }

    /// The host keys of the serial gateway of a region.
    public func gatewayKeys(in region: String) -> CloudCall {
        CloudCall(
            .open, "fetching the host keys of the serial gateway", "GET", "\(serialPortKeys)/\(region)/\(region).pub")
    }

    private static func origin(_ host: String) -> String { without("", host.contains("://") ? host : "http://\(host)") }

    private static func without(_ suffix: String, _ url: String) -> String {
        let text = url.hasSuffix("/") ? String(url.dropLast()) : url
        return text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text
    }
}

/// Cloud Resource Manager, API v1.
public enum Projects {
    /// Asks which of some permissions the account has in a project; nil without such an API.
    public static func permissions(_ permissions: [String], in project: String, _ endpoints: Endpoints) throws
        -> CloudCall?
    {
        guard let base = endpoints.resourceManager else { return nil }
        return try CloudCall(
            .resourceManager, "checking permissions in project '\(project)'", "POST",
            "\(base)/projects/\(WebURL.percentEncoded(project)):testIamPermissions",
            body: ["permissions": permissions])
    }
}
