internal import BootLayout

/// What every container of a machine has in common.
struct ContainerEnvironment {
    var runc: Runc
    var loop: EventLoop
    var console: Console
    /// Folder of the services' logs.
    var logs = "/var/log"
    /// Folder of pid files.
    var state = "/run/moby"
    /// How long runc may take for a call.
    var launchLimit: Milliseconds = 60_000
    /// The network links that containers were given.
    var links = NetworkLinks()
    /// Loads the kernel module with this name or alias; false when there is none.
    var loadDriver: (String) -> Bool = { _ in false }

    func preparation(_ bundle: Bundle) -> Preparation { Preparation(bundle: bundle, loadDriver: loadDriver) }

    func run(_ bundle: Bundle, _ record: RuntimeRecord, output: (Int32, Int32)) -> ContainerRun {
        ContainerRun(bundle, record, environment: self, output: output)
    }
}
