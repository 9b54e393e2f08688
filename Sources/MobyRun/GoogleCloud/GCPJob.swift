/// What to do in Google Cloud.
public enum GCPJob: Sendable {
    /// Stores a file and, if wanted, makes an image of it.
    case push(GCPPublication)
    /// Starts a machine from an image of the project.
    case runImage(String, GCPMachine)
    /// Stores a file, makes an image of it, and starts a machine from that.
    case runFile(GCPPublication, GCPMachine)

    var publication: GCPPublication? {
        switch self {
        case .push(let publication), .runFile(let publication, _): publication
        case .runImage: nil
        }
    }

    var machine: GCPMachine? {
        switch self {
        case .push: nil
        case .runImage(_, let machine), .runFile(_, let machine): machine
        }
    }

    /// The image that is made or used.
    var image: String {
        switch self {
        case .push(let publication), .runFile(let publication, _): publication.imageName
        case .runImage(let name, _): name
        }
    }

    var project: String { publication?.project ?? machine?.project ?? "" }
}
