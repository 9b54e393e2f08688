public import GCP

/// Machines of Google Compute Engine: a file is stored and made an image of, a machine started from it, watched, and
/// deleted.
public struct GCP: Runner {
    public static let name = "gcp"

    public var publication: GCPPublication?
    public var machine: GCPMachine?
    private let client: GoogleClient
    private let host: GCPHost

    /// - Parameters:
    ///   - publication: nil starts a machine from an image that is there.
    ///   - machine: nil starts none.
    ///   - client: who asks, and where.
    public init(_ publication: GCPPublication?, _ machine: GCPMachine?, client: GoogleClient, host: GCPHost) {
        self.publication = publication
        self.machine = machine
        self.client = client
        self.host = host
    }

    /// Marks what this program made.
    static let labels = ["made-by": "moby"]

    /// Looks at names and at the file, and puts the requests together.
    /// - Throws: ``RunError`` for names that Google would refuse and for a file that is no image; `FileError`.
    public func plan() throws -> GCPPlan {
        var builder = GCPPlanBuilder(
            client.endpoints, project: publication?.project ?? machine?.project ?? "", zone: machine?.zone ?? "-")
        if let publication { try builder.add(publication) }
        if let machine { try builder.add(machine, publication) }
        return try builder.finish()
    }

    /// Does what the plan says. A run that ends early, as by cancelling its task, removes what it has made.
    /// - Throws: ``GCPFailure``, `GoogleError`, `CredentialError`, ``RunError``.
    public func perform(_ plan: GCPPlan) async throws -> GCPResult { try await GCPWork(plan, client, host).perform() }

    /// As ``perform(_:)``, and takes the signals of this process meanwhile: Ctrl-C asks once, then everything is tidied
    /// up.
    public func performAttended(_ plan: GCPPlan) async throws -> GCPResult {
        let work = GCPWork(plan, client, host)
        return try await Interrupts.guarding(say: host.say, leaving: { work.ledger.things.map { "\($0.thing)" } }) {
            try await work.perform()
        }
    }

    /// As ``performAttended(_:)``.
    /// - Returns: 0.
    public func run(_ plan: GCPPlan) async throws -> Int32 {
        _ = try await performAttended(plan)
        return 0
    }
}

/// What a run made, for people and, as JSON, for programs.
public struct GCPResult: Sendable, Encodable, Equatable {
    /// `gs://BUCKET/OBJECT`.
    public var object: String?
    /// Base64 of the object's CRC32C.
    public var crc32c: String?
    /// Length of the object in bytes.
    public var size: UInt64?
    /// False when the bucket had these bytes already.
    public var uploaded: Bool?
    /// `projects/PROJECT/global/images/NAME`.
    public var image: String?
    public var instance: String?
    public var zone: String?
    /// The machine's address in the world.
    public var address: String?
    /// Whether the machine was deleted at the end.
    public var deleted: Bool?

    public init() {}
}

/// What the work on Google's side needs of this side.
public struct GCPHost: Sendable {
    /// Takes lines for the user: steps, choices.
    public var say: @Sendable (String) -> Void
    /// Takes what the machine writes to its serial port.
    public var console: @Sendable (String) -> Void
    /// Told of bytes sent and in all.
    public var progress: (@Sendable (_ sent: UInt64, _ total: UInt64) -> Void)?
    let gateway = SerialGateway()
    /// Waits between two questions.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    public init(
        say: @escaping @Sendable (String) -> Void, console: @escaping @Sendable (String) -> Void,
        progress: (@Sendable (UInt64, UInt64) -> Void)? = nil
    ) {
        self.say = say
        self.console = console
        self.progress = progress
    }
}
