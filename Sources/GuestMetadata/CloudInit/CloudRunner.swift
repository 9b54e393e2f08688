internal import CInit
internal import Glibc

/// Carries out user data on the machine, in the order of cloud-init: commands of `bootcmd`, hostname, users, files,
/// mounts, time, then `runcmd` and scripts. An error does not stop what follows.
struct CloudRunner {
    let root: MachineRoot
    /// The root of this container, for scripts: programs in the machine's `/run` cannot be executed.
    let ownRoot: MachineRoot
    /// Metadata, with keys of root.
    let config: String
    /// Runs a program of this container and returns its exit status.
    var runProgram: (_ arguments: [String]) throws(MetadataError) -> Int32 = ChildProgram.run
    var setHostname: (String) throws(MetadataError) -> Void = Hostname.set
    private(set) var errors: [MetadataError] = []
    /// What was done, for the log.
    private(set) var done: [String] = []
    private var scripts = 0

    init(root: String, ownRoot: String = "", config: String) {
        (self.root, self.ownRoot, self.config) = (MachineRoot(path: root), MachineRoot(path: ownRoot), config)
    }

    private mutating func attempt(_ body: (inout CloudRunner) throws(MetadataError) -> Void) {
        do throws(MetadataError) { try body(&self) } catch { errors.append(error) }
    }

    /// - Returns: how many of `items` worked.
    @discardableResult
    private mutating func each<Item>(
        _ items: [Item], _ body: (Item, CloudRunner) throws(MetadataError) -> Void
    ) -> Int {
        let failed = errors.count
        for item in items { attempt { runner throws(MetadataError) in try body(item, runner) } }
        return items.count - (errors.count - failed)
    }

    mutating func add(error: MetadataError) { errors.append(error) }

    private mutating func count(_ count: Int, _ one: String, _ many: String) {
        if count > 0 { done.append("\(count) \(count == 1 ? one : many)") }
    }

    mutating func follow(_ cloud: CloudConfig) {
        errors += cloud.errors
        run(cloud.bootCommands, "bootcmd")
        if let hostname = cloud.hostname {
            attempt { runner throws(MetadataError) in try runner.name(hostname, cloud) }
        }
        addUsers(cloud)
        let files = each(cloud.files) { (file, runner) throws(MetadataError) in try runner.write(file) }
        count(files, "file", "files")
        let mounts = each(cloud.mounts) { (mount, runner) throws(MetadataError) in
            try CloudMounter(root: runner.root).perform(mount)
        }
        count(mounts, "mount", "mounts")
        attempt { runner throws(MetadataError) in try runner.setTime(cloud) }
        run(cloud.commands, "runcmd")
    }

    private mutating func name(_ hostname: String, _ cloud: CloudConfig) throws(MetadataError) {
        let name = try Hostname.checked(hostname)
        try setHostname(name)
        done.append("hostname \(name)")
        try Folder(config).write(Array("\(name)\n".utf8), to: "hostname")
        try root.write(Array("\(name)\n".utf8), to: "/etc/hostname")
        guard cloud.managesHosts else { return }
        let short = name.prefix { $0 != "." }
        let names = short == name ? name : "\(name) \(short)"
        let text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 \(names)\n"
        try root.write(Array(text.utf8), to: "/etc/hosts")
    }

    private mutating func addUsers(_ cloud: CloudConfig) {
        if !cloud.users.isEmpty || !cloud.groups.isEmpty || !cloud.passwords.isEmpty {
            attempt { runner throws(MetadataError) in
                var accounts = try GuestAccounts(runner.root)
                for group in cloud.groups {
                    accounts.add(group: group.name)
                    for member in group.members { accounts.add(member: member, to: group.name) }
                }
                runner.each(cloud.users) { (user, _) throws(MetadataError) in try accounts.add(user) }
                runner.each(cloud.passwords) { (password, _) throws(MetadataError) in try accounts.set(password) }
                try accounts.write(to: runner.root)
                runner.each(cloud.users) { (user, runner) throws(MetadataError) in
                    try runner.makeHome(of: user, accounts)
                }
            }
            count(cloud.users.count, "user", "users")
        }
        let keys = cloud.keys + cloud.users.filter { $0.name == "root" }.flatMap { $0.keys }
        if !keys.isEmpty { attempt { runner throws(MetadataError) in try runner.add(rootKeys: keys) } }
    }

    private func makeHome(of user: CloudUser, _ accounts: GuestAccounts) throws(MetadataError) {
        guard user.name != "root", let (owner, home) = accounts.find(user: user.name) else { return }
        if user.hasHome, !root.exists(home) {
            try root.makeFolders(home)
            try root.setOwner(home, owner, mode: 0o755)
        }
        guard !user.keys.isEmpty else { return }
        let folder = home + "/.ssh"
        try root.makeFolders(folder)
        try root.setOwner(folder, owner, mode: 0o700)
        let text = user.keys.map { Text.trimmed($0) + "\n" }.joined()
        try root.write(Array(text.utf8), to: folder + "/authorized_keys", mode: 0o600, owner: owner)
    }

    /// Where pkg/sshd reads those of root.
    private func add(rootKeys keys: [String]) throws(MetadataError) {
        let folder = try Folder(config).makeFolder("ssh")
        let old = Text.lines(String(decoding: try folder.read("authorized_keys") ?? [], as: UTF8.self))
        var lines = old
        for key in keys.map({ Text.trimmed($0) }) where !lines.contains(key) { lines.append(key) }
        try folder.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: "authorized_keys", mode: 0o600)
    }

    private func write(_ file: CloudFile) throws(MetadataError) {
        let owner = try file.owner.map { (text) throws(MetadataError) in try GuestAccounts(root).owner(text) } ?? .root
        if file.appends {
            try root.append(file.bytes, to: file.path, mode: file.mode, owner: owner)
        } else {
            try root.write(file.bytes, to: file.path, mode: file.mode, owner: owner)
        }
    }

    private mutating func setTime(_ cloud: CloudConfig) throws(MetadataError) {
        if !cloud.timeSources.isEmpty {
            // A source directory of chrony.
            let text = cloud.timeSources.map { $0 + "\n" }.joined()
            try Folder(config).makeFolder("ntp").write(Array(text.utf8), to: "cloud-init.sources")
        }
        guard let zone = cloud.timeZone else { return }
        guard !zone.hasPrefix("/"), !zone.split(separator: "/").contains("..") else {
            throw MetadataError("cloud-config: timezone '\(zone.prefix(80))', expected a name such as Europe/Berlin")
        }
        try root.write(Array("\(zone)\n".utf8), to: "/etc/timezone")
        try root.link("/etc/localtime", to: "/usr/share/zoneinfo/\(zone)")
    }

    private mutating func run(_ commands: [CloudCommand], _ key: String) {
        guard !commands.isEmpty else { return }
        let text = "#!/bin/sh\n" + commands.map { $0.shell + "\n" }.joined()
        run(script: Array(text.utf8), key)
        count(commands.count, "command of \(key)", "commands of \(key)")
    }

    /// Runs a script with this container's programs. The machine's files are where it expects them.
    /// - Parameter name: for messages and its file.
    mutating func run(script: [UInt8], _ name: String) {
        attempt { runner throws(MetadataError) in
            runner.scripts += 1
            let path = "/usr/lib/cloud-init/\(runner.scripts)-\(name)"
            try runner.ownRoot.write(script, to: path, mode: 0o700)
            let status = try runner.runProgram([path])
            guard status == 0 else { throw MetadataError("\(name): exit status \(status)") }
        }
    }
}

/// Programs that this one starts.
enum ChildProgram {
    /// - Parameter arguments: the first is the program's path. Its input is empty; its output is this program's.
    /// - Returns: the exit status; of a program that a signal ended 128 and the signal.
    static func run(_ arguments: [String]) throws(MetadataError) -> Int32 {
        let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw MetadataError("opening", "/dev/null") }
        defer { close(input) }
        fflush(nil)
        var words = (arguments.map { strdup($0) } + [nil], environment.map { strdup($0) } + [nil])
        defer { for word in words.0 + words.1 { free(word) } }
        let process = cinit_spawn(arguments[0], &words.0, &words.1, input, STDOUT_FILENO, STDERR_FILENO)
        guard process > 0 else { throw MetadataError("starting", arguments[0], number: -process) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw MetadataError("waiting for", arguments[0]) }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
