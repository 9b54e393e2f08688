internal import HTTP

/// Cloud Resource Manager, API v1: what the account may do in a project.
public struct Projects: Sendable {
    private let client: GoogleClient

    public init(_ client: GoogleClient) { self.client = client }

    /// Which of some permissions are lacking.
    /// - Parameter call: of ``permissions(_:in:_:)``.
    /// - Returns: nil when that cannot be asked: the API is off, or the token's scopes do not reach it.
    public func missing(_ permissions: [String], _ call: APICall) async throws -> [String]? {
        struct Answer: Decodable { var permissions: [String]? }
        do {
            let answer = try await client.send(call, as: Answer.self)
            return permissions.filter { !(answer.permissions ?? []).contains($0) }
        } catch let error as GoogleError where error.status == 403 || error.status == 404 {
            return nil
        }
    }

    /// The question; nil where there is nobody to ask.
    public static func permissions(_ permissions: [String], in project: String, _ endpoints: Endpoints) throws -> APICall? {
        guard let base = endpoints.resourceManager else { return nil }
        return try APICall(
            .resourceManager, "ask for permissions in project '\(project)'", "POST",
            "\(base)/projects/\(WebURL.percentEncoded(project)):testIamPermissions",
            body: ["permissions": permissions])
    }
}
