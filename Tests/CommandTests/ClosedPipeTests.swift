import TestSupport
import Testing

/// Who reads what the program writes may go.
struct ClosedPipeTests {
    /// As `moby schema | head` does: no message, and the exit status that shells know.
    @Test func outputThatNobodyReads() throws {
        let script = #"set -o pipefail; "$0" schema | true; echo "$?""#
        let ended = try EndedProcess("bash", ["-c", script, try Program.path()])
        #expect(["141\n", "0\n"].contains(ended.text) && ended.complaint.isEmpty, "\(ended.text) \(ended.complaint)")
        // The reader is certainly gone.
        let late = #"set -o pipefail; (sleep 0.2; exec "$0" schema) | true; echo "$?""#
        let after = try EndedProcess("bash", ["-c", late, try Program.path()])
        #expect(after.text == "141\n" && after.complaint.isEmpty, "\(after.text) \(after.complaint)")
    }

    /// Messages without a reader change nothing.
    @Test func messagesThatNobodyReads() throws {
        let script =
            #"exec 3>&1; { sleep 0.2; "$0" lint /dev/null/none.yml; echo "$?" >&3; } 2>&1 >/dev/null | true; wait"#
        let ended = try EndedProcess("bash", ["-c", script, try Program.path()])
        #expect(ended.text == "1\n", "\(ended.text)")
    }
}
