public import Cloud
public import GCP

/// Images and machines of Google Compute Engine: a file is stored and made into an image, a machine is started from
/// it, watched, and deleted.
public struct GoogleCloud: Sendable {
    public let job: GCPJob
    private let client: GoogleClient
    private let host: CloudHost

    public init(_ job: GCPJob, client: GoogleClient, host: CloudHost) {
        (self.job, self.client, self.host) = (job, client, host)
    }

    /// Marks what this program creates.
    static let labels = ["made-by": "moby"]

    /// Checks the names and the file, and decides all requests; sends none.
    /// - Throws: ``RunError`` for names and files that Google would refuse; `FileError`.
    public func plan() throws -> GCPPlan { try GCPPlanner.plan(job, client.endpoints) }

    /// Carries out a plan. A run that ends early, for example because its task is cancelled, removes what it created.
    /// - Throws: `CloudFailure`, `GoogleError`, `CredentialError`, ``RunError``.
    public func perform(_ plan: GCPPlan) async throws -> GCPResult {
        try await GCPExecutor(plan, client, host).perform()
    }

    /// As ``perform(_:)``, and handles the signals of this process: see `Interruption`.
    public func runInteractively(_ plan: GCPPlan) async throws -> GCPResult {
        let executor = GCPExecutor(plan, client, host)
        return try await Interruption.guarding(log: host.log, leaving: { executor.ledger.names }) {
            try await executor.perform()
        }
    }
}

/// What a run created, for people and, as JSON, for programs.
public struct GCPResult: Sendable, Encodable, Equatable {
    /// `gs://BUCKET/OBJECT`.
    public var object: String?
    /// Base64 of the object's CRC32C.
    public var crc32c: String?
    /// Length of the object in bytes.
    public var size: UInt64?
    /// False when the bucket already had these bytes.
    public var uploaded: Bool?
    /// `projects/PROJECT/global/images/NAME`.
    public var image: String?
    public var instance: String?
    public var zone: String?
    /// The machine's public address.
    public var address: String?
    /// Whether the machine was deleted at the end.
    public var deleted: Bool?

    public init() {}
}
