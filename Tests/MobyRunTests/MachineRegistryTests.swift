import Foundation
import TestSupport
import Testing

@testable import MobyRun

struct MachineRegistryTests {
    private let folder: TemporaryFolder
    private let registry: MachineRegistry

    init() throws {
        folder = try TemporaryFolder()
        registry = MachineRegistry(environment: ["XDG_RUNTIME_DIR": folder.path])
    }

    private func register(_ name: String, console: String? = nil) throws -> RegisteredMachine {
        try #require(
            try RegisteredMachine(
                MachineRegistration(
                    registry: registry, folder: registry.newFolder(), name: name, isNamed: false, image: "out/\(name)",
                    ports: [],
                    console: console, state: nil, hasAgent: false)))
    }

    private func problem(_ name: String?) throws -> String {
        do {
            let found = try registry.machine(name)
            return found.name
        } catch let error as RunError {
            return "\(error); \(error.hint ?? "")"
        }
    }

    @Test func machinesAreFoundByTheirBeginning() throws {
        #expect(try registry.machines().isEmpty)
        #expect(try problem(nil) == "no machine is running; start one: moby run --detached nginx")
        let web = try register("web")
        #expect(try registry.machine(nil).name == "web")
        let (again, other) = (try register("web"), try register("db"))
        defer { for machine in [web, again, other] { machine.end() } }
        #expect(again.entry.name == "web-2" && other.entry.name == "db")
        #expect(try registry.machines().map(\.name) == ["db", "web", "web-2"])
        #expect(try registry.machine("web").folder == web.entry.folder)
        #expect(try registry.machine("d").name == "db")
        // What cannot be undone needs the whole name.
        #expect(throws: RunError.self) { try registry.machine("d", isExact: true) }
        #expect(try registry.machine("db", isExact: true).name == "db")
        let taken = #expect(throws: RunError.self) { try registry.add(web.entry, isNamed: true) }
        #expect(taken.map { "\($0)" } == "a machine named 'web' is already running")
        #expect(try problem("we") == "'we' is ambiguous; running: 'db', 'web', 'web-2'")
        #expect(try problem("x\u{1B}") == "no machine 'x\\x1b' is running; running: 'db', 'web', 'web-2'")
        #expect(try problem(nil) == "several machines are running: 'db', 'web', 'web-2'; name one")
    }

    /// An entry goes with what looks after its machine, or when its process has ended, though another process may have
    /// its number.
    @Test func endedMachinesAreForgotten() throws {
        try register("web").end()
        #expect(try registry.machines().isEmpty)
        let child = try ChildProcess.start("/bin/sleep", ["1000"])
        let detached = try register("bg", console: "bg-state/console.log")
        try detached.leave(to: child.id)
        let entry = try registry.machine("bg")
        #expect(entry.pid == child.id && entry.isStarted && entry.isDetached)
        #expect(entry.console == FileManager.default.currentDirectoryPath + "/bg-state/console.log")
        child.stop()
        let console = FileManager.default.currentDirectoryPath + "/bg-state/console.log"
        #expect(try problem("bg") == "no machine is running; the last one's console is in '\(console)'")
        #expect(!FileManager.default.fileExists(atPath: entry.folder))
        let mine = try register("mine")
        defer { mine.end() }
        let file = "\(mine.entry.folder)/machine.json"
        let text = try TestFile.text(file)
        try text.replacing(/"ticks" : \d+/, with: "\"ticks\" : 1").write(
            toFile: file, atomically: true, encoding: .utf8)
        #expect(try registry.machines().isEmpty)
    }

    @Test func foldersOfOthersAreRefused() throws {
        #expect(mkdir(registry.folder, 0o755) == 0)
        #expect(try problem("web").hasPrefix("'\(registry.folder)' is not a folder that only you may enter"))
        #expect(throws: RunError.self) { try registry.check() }
        let long = MachineRegistry(environment: ["XDG_RUNTIME_DIR": "/tmp/" + String(repeating: "x", count: 90)])
        #expect(throws: RunError.self) { try long.check() }
    }

    @Test(arguments: [
        ("out/nginx", "nginx"), ("web.iso", "web"), ("/x/my disk.qcow2", "my-disk"), ("", "machine"),
        ("../..", "machine"),
    ])
    func namesOfImages(image: String, name: String) { #expect(MachineRegistry.name(image) == name) }

    @Test(arguments: [("web", true), ("a.b_c-1", true), ("", false), ("-x", false), ("a/b", false), ("a b", false)])
    func names(text: String, isName: Bool) { #expect(MachineRegistry.isName(text) == isName) }

    @Test func consoleLogsHaveLines() throws {
        let path = try folder.write("console.log", "one\r\n\u{1B}[31mtwo\u{1B}[0m\r\nthree\r\nlogin: ")
        let machine = try register("web", console: path)
        defer { machine.end() }
        func read(_ lines: Int?) throws -> [String] {
            var read: [String] = []
            try ConsoleLog(machine.entry).read(lines: lines, isFollowing: false) { read.append($0) }
            return read
        }
        #expect(try read(nil) == ["one", "two", "three", "login: "])
        #expect(try read(1) == ["three", "login: "])
        #expect(try read(0) == [])
        #expect(throws: RunError.self) { try ConsoleLog(register("fg").entry) }
    }
}
