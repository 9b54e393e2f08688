internal import GCP

/// Everything that will be asked of Google, decided beforehand. Printed, it is what `--dry-run` shows: each request,
/// without secrets.
public struct GCPPlan: Sendable, CustomStringConvertible {
    struct Upload: Sendable {
        var source: UploadSource
        var bucket: String
        var object: String
        var isPublic: Bool
        /// Makes the bucket when it is not there.
        var create: APICall?
    }

    var project: String
    var zone: String
    /// Questions, before any byte is sent.
    var checks: [APICall] = []
    /// What the account must be allowed to do in the project, and the question.
    var permissions: [String] = []
    var permissionCheck: APICall?
    var upload: Upload?
    var image: MachineImage?
    var replacesImage = false
    /// Its metadata has ``GCPPlan/keyPlace`` where the key made for the run will be.
    var instance: Instance?
    var machine: GCPMachine?
    /// Host and port of the serial console, when it is not Google's.
    var gateway: String?
    var steps: [GCPStep] = []

    /// Stands for the public key that is made when the machine is started.
    static let keyPlace = "(public key made for this run)"

    /// Requests as they will be sent, blank lines between them.
    public var description: String { steps.map(\.text).joined(separator: "\n\n") }

    /// The same for programs: an array of objects with `method`, `url` and `body`.
    public var json: String { "[\n\(steps.compactMap(\.json).joined(separator: ",\n"))\n]" }
}
