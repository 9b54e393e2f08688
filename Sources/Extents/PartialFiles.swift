internal import CLinux

/// The unfinished output files of this process.
public enum PartialFiles {
    /// From now on SIGINT, SIGTERM and SIGHUP remove unfinished output files before they end the process. For a program's start.
    public static func removeOnSignals() { moby_partial_unlink_on_signals() }

    /// Removes them now, for a program that handles signals itself and is about to end.
    public static func removeAll() { moby_partial_unlink_all() }
}
