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
