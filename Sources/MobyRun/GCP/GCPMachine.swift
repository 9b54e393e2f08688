/// A machine of Compute Engine to be started.
public struct GCPMachine: Sendable {
    /// What the user sees of the machine.
    public enum Console: Sendable, Equatable {
        /// The serial port, by ssh.
        case interactive
        /// What the serial port says, and no input.
        case output
        /// Nothing: it is started and left.
        case none
    }

    public var project: String
    /// An image of the project; nil is the publication's.
    public var image: String?
    /// Nil takes the image's name.
    public var name: String?
    public var zone = "europe-west1-d"
    public var machine = "g1-small"
    /// More disks: names and sizes in GB.
    public var disks: [(name: String?, size: Int)] = []
    /// User data.
    public var data: String?
    /// Lines `USER:KEY` for `ssh-keys`.
    public var sshKeys: [String] = []
    public var network: String?
    public var subnetwork: String?
    public var tags: [String] = []
    public var nested = false
    public var vtpm = false
    public var keeps = false
    public var console = Console.interactive

    /// In GB ("Persistent disk limits").
    public static let largestDisk = 65536

    public init(project: String) { self.project = project }
}
