import Testing

@testable import GuestInit

struct ProcessStatusTests {
    @Test(arguments: [
        (0, ProcessStatus.exited(0), "exit status 0"), (0x0300, .exited(3), "exit status 3"),
        (9, .killed(signal: 9), "killed by SIGKILL (9)"),
        (0x8B, .killed(signal: 11), "killed by SIGSEGV (11)"), (34, .killed(signal: 34), "killed by signal 34"),
    ])
    func readsTheWordOfWait(word: Int32, status: ProcessStatus, text: String) {
        #expect(ProcessStatus(word: word) == status)
        #expect(status.text == text)
    }
}
