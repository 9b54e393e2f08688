/// A test file, `web.test.yml`: the machines to boot and what is expected of each.
public struct TestSpec: Sendable {
    public var machine = TestMachine()
    /// The steps, in order; nil for a file that names none.
    public var expect: [TestStep]?

    public init() {}

    /// The steps to take: without a file, or one without steps, a machine is expected to come up and to power off.
    public var steps: [TestStep] {
        let steps = expect ?? [TestStep(.up)]
        let endsItself = steps.contains { if case .poweroff = $0.expectation { true } else { false } }
        return endsItself ? steps : steps + [TestStep(.poweroff(.clean))]
    }
}

/// The machines of a test: every combination of the lists.
public struct TestMachine: Sendable {
    /// Names of output formats; empty is `kernel+initrd`.
    public var formats: [Located<String>] = []
    /// For formats that boot from both.
    public var firmware: [Firmware] = []
    /// In MiB; empty is what the build needs.
    public var memory: [Int] = []
    public var cpus: [Int] = []
    /// Architectures; empty is that of this host, or the one that a command names.
    public var arches: [Located<String>] = []
    /// Sizes of empty disks, in MiB.
    public var disks: [Int] = []
    /// Values for QEMU's `-device`.
    public var devices: [String] = []
    /// User data for the guest.
    public var data: String?
    /// Whether they have a TPM.
    public var hasTPM = false

    public enum Firmware: String, CaseIterable, Sendable { case bios, uefi }
}

/// One step of a test.
public struct TestStep: Sendable {
    /// What reports call it; nil for a name made of the expectation.
    public var name: String?
    public var expectation: Expectation
    /// nil is the limit of its kind.
    public var timeout: Duration?
    /// Where it is written; nil for a step that is not.
    public var location: SourceLocation?

    init(_ expectation: Expectation, at location: SourceLocation? = nil) {
        (self.expectation, self.location) = (expectation, location)
    }
}

/// What a step expects.
public enum Expectation: Sendable {
    /// All services run, and none was started again.
    case up
    case service(ServiceExpectation)
    case web(WebExpectation, isSecure: Bool)
    /// A TCP port of the guest accepts connections.
    case tcp(UInt16)
    case ssh(SSHExpectation)
    /// A line of the console matches a regular expression.
    case console(String)
    /// No line of the console does, from the start of the machine to its end.
    case notConsole(String)
    case exec(ExecExpectation)
    case file(FileExpectation)
    case disk(DiskExpectation)
    case metric([Budget])
    case reboot(Reboot)
    case poweroff(PowerOff)

    public enum Reboot: String, CaseIterable, Sendable {
        /// The steps that follow see the machine after its restart.
        case once
        /// And the steps before it are taken again.
        case again
    }

    public enum PowerOff: String, CaseIterable, Sendable {
        /// The power button is pressed; PID 1 stops everything and powers off.
        case clean
        /// The machine powers off by itself.
        case itself
        /// QEMU is ended.
        case none
    }
}

public struct ServiceExpectation: Sendable {
    public enum State: String, CaseIterable, Sendable { case running, stopped, failed }

    public var name = ""
    public var state = State.running
    /// The most restarts.
    public var restarts = 0
}

public struct WebExpectation: Sendable {
    /// Of the guest.
    public var port: UInt16 = 80
    public var path = "/"
    /// nil is any below 400.
    public var status: Int?
    /// A regular expression for a line `Name: value`.
    public var header: String?
    /// A regular expression for the body's first 64 KiB.
    public var body: String?
}

public struct SSHExpectation: Sendable {
    public var port: UInt16 = 22
    public var user = "root"
    /// File with the private key; nil lets ssh(1) choose.
    public var key: Located<String>?
    public var command = "true"
    public var exit = 0
    /// A regular expression for what the command prints.
    public var output: String?
}

public struct ExecExpectation: Sendable {
    /// nil is the root of the guest, next to the containers.
    public var container: String?
    public var command: [String] = []
    public var exit = 0
    /// A regular expression for what the command prints.
    public var output: String?
    /// Whether it is repeated until it gives what is expected.
    public var isRepeated = false
}

public struct FileExpectation: Sendable {
    public var path = ""
    public var container: String?
    /// A regular expression for the content.
    public var content: String?
    public var mode: UInt16?
    /// Whether it is expected not to exist.
    public var isAbsent = false
}

public struct DiskExpectation: Sendable {
    /// Folder that the file system is mounted on.
    public var mount = ""
    /// As mount(8) names it.
    public var type: String?
    public var device: String?
    /// The least size of the file system, in bytes.
    public var size: UInt64?
}

/// The most that something may be.
public struct Budget: Sendable {
    /// `boot`, `memory`, a role of a file such as `initrd`, or an output format.
    public var name: Located<String>
    public var limit: Limit

    public enum Limit: Sendable, Equatable {
        case time(Duration)
        case bytes(UInt64)
    }

    /// Metrics that are times.
    public static let times = ["boot"]
    /// Metrics that are numbers of bytes, next to the names of output formats.
    public static let sizes = ["memory", "needs", "unpacked", "kernel", "initrd", "root"]
}
