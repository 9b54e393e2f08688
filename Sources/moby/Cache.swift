internal import ArgumentParser
internal import Extents
internal import Glibc
internal import JSON
internal import MobyBuild
internal import MobyRun
internal import MobySpec
internal import OCI

struct Cache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Manage the image store.",
        subcommands: [
            CacheList.self, CachePull.self, CachePush.self, CacheExport.self, CacheImport.self, CacheRemove.self,
            CachePrune.self,
            CacheClean.self, CacheVerify.self,
        ])
}

extension StoreOptions {
    /// The store for commands about it: a folder with other files is an error, not an empty store.
    func storeToInspect() throws -> ContentStore {
        let store = try storeToRead()
        try store.checkIsStore()
        return store
    }
}

struct CacheList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the images with their digests.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "Print JSON, with the layers of this machine's platform.") var json = false

    func run() throws {
        let store = try global.storeToInspect()
        let entries = try store.entries()
        for file in try store.damagedReferences() {
            Terminal.error(
                "warning: '\(file)' of the store is damaged; remove it with 'moby cache verify --repair'", .warning)
        }
        guard json else { return entries.forEach { print($0.name, $0.descriptor.digest) } }
        let list = try entries.map { entry in
            let layers = try store.image(named: entry.name, platform: .host)?.layers ?? []
            return JSONValue.object([
                ("name", .string(entry.name)), ("digest", .string(entry.descriptor.digest.description)),
                ("layers", .array(layers.map(Self.layer))),
            ])
        }
        print(JSONValue.array(list).text(indent: 2))
    }

    private static func layer(_ layer: Image.Layer) -> JSONValue {
        .object([
            ("digest", .string(layer.digest.description)), ("size", .integer(Int64(layer.size))),
            ("diffID", .string(layer.diffID.description)),
        ])
    }
}

struct CacheVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare everything in the store with its digest.",
        discussion: "Exit code 1 when something is damaged or missing.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "Remove damaged files and everything derived from them; they are fetched or rebuilt when needed.")
    var repair = false

    func run() throws {
        let store = try global.storeToInspect()
        let cache = BuildCache(store: store)
        // Before the check, which may remove the configurations that tell.
        var found = try store.verify()
        let derived = try cache.derived(from: found.digests, remove: repair)
        if repair, !found.damaged.isEmpty { found = try store.verify(repair: true) }
        let segments = try cache.damaged(repair: repair)
        found.damaged += segments.found.filter { !derived.contains($0) }
        found.stuck += segments.stuck
        for file in found.damaged {
            let repaired = repair ? file.contains("/") ? " (removed)" : " (written again)" : ""
            let note = found.stuck.contains(file) ? " (a folder with files: check them, then remove it)" : repaired
            print("damaged: \(file)\(note)")
        }
        for file in derived { print("possibly made from damaged content: \(file)\(repair ? " (removed)" : "")") }
        for image in found.incomplete {
            print("incomplete: \(image.name) lacks \(image.missing.map(\.description).joined(separator: ", "))")
        }
        if global.level > 0 { print("read \(Terminal.size(found.bytes))") }
        guard found.isWhole || (repair && found.incomplete.isEmpty && found.stuck.isEmpty) else {
            throw ExitCode.failure
        }
    }
}

struct CacheRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove images by name.",
        discussion: "The next 'moby cache prune' removes their content.")

    @OptionGroup var global: StoreOptions
    @Argument(help: "Names, as 'moby cache ls' prints them; short forms work.", completion: Completions.images)
    var names: [String]

    func run() throws {
        let store = try global.storeToInspect()
        let missing = try names.filter { try !store.remove($0) }
        for name in missing {
            Terminal.error("error: no image '\(PlainText.short(name))' in '\(PlainText.short(store.path))'")
        }
        if !missing.isEmpty { throw ExitCode.failure }
    }
}

struct CachePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove unreferenced content and old segments.",
        discussion: """
            --max-age also removes images, and --max-size then removes whatever was used the longest time ago. While \
            another moby uses the store, what was used in the last day stays.
            """)

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("Keep files used in the last N days.", valueName: "n")) var days = 7
    @Option(
        help: ArgumentHelp("Also remove images that no build used in the last N days.", valueName: "n"))
    var maxAge: Int?
    @Option(help: ArgumentHelp("Make the store no larger than this, such as 2G.", valueName: "size"))
    var maxSize: String?
    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false

    mutating func validate() throws {
        for (name, days) in [("--days", days), ("--max-age", maxAge ?? 0)] where !(0...36500).contains(days) {
            throw ValidationError("\(name) is \(days), expected 0 to 36500")
        }
        _ = try limit()
    }

    private func limit() throws -> UInt64? {
        try maxSize.map { UInt64(try MemorySize.mebibytes($0, unit: .mebibytes, option: "--max-size")) << 20 }
    }

    func run() throws {
        let store = try global.storeToInspect()
        let now = Int64(time(nil))
        let forgotten = try maxAge.map { try store.forget(notUsedSince: now - Int64($0) * 86400, dryRun: dryRun) }
        var pruned = try store.prune(notUsedSince: now - Int64(days) * 86400, dryRun: dryRun)
        pruned.images = forgotten?.count ?? 0
        if let limit = try limit() {
            let more = try store.shrink(to: limit, dryRun: dryRun)
            pruned.images += more.images
            pruned.files += more.files
            pruned.bytes += more.bytes
        }
        if global.level > 0 {
            let images = maxAge == nil && maxSize == nil ? "" : "\(pruned.images) images, "
            print(
                "\(dryRun ? "would remove" : "removed") \(images)\(pruned.files) files, \(Terminal.size(pruned.bytes))")
            if pruned.isShared {
                Terminal.error("note: another process uses the store, so files used in the last day stay", .note)
            }
        }
    }
}

struct CacheClean: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Remove the whole store.",
        discussion: """
            Removes only what moby wrote, and then the folder if it is empty. Asks on a terminal; without one, use --force.
            """)

    @OptionGroup var global: StoreOptions
    @Flag(help: "Do not ask, and ignore other processes that use the store.") var force = false
    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false

    func run() throws {
        let path = try global.storePath()
        guard try HostFiles.exists(path) else { return }
        // A writer refuses a folder that is something else.
        let contents = try ContentStore(path: path).contents()
        let what = "\(contents.images) images, \(contents.files) files, \(Terminal.size(contents.bytes))"
        if dryRun {
            print("would remove \(what) in \(PlainText.short(path))")
            return report(contents.others)
        }
        guard try force || isConfirmed(path, what) else {
            Terminal.error("nothing was removed")
            throw ExitCode.failure
        }
        let (removed, isFolderGone) = try ContentStore.removeAll(path: path, force: force)
        if global.level > 0 {
            print("removed \(PlainText.short(path))\(isFolderGone ? "" : ": \(what); the folder remains")")
        }
        report(removed.others)
    }

    private func report(_ others: [String]) {
        guard global.level > 0, !others.isEmpty else { return }
        let shown = others.prefix(10).map { PlainText.short($0) }.joined(separator: ", ")
        Terminal.error(
            "note: kept, since moby did not write it: \(shown)\(others.count > 10 ? " and \(others.count - 10) more" : "")"
        )
    }

    private func isConfirmed(_ path: String, _ what: String) throws -> Bool {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw ValidationError(
                "no terminal to ask on; 'moby cache clean --force' removes \(what) in '\(PlainText.short(path))'"
            )
        }
        Terminal.write("Remove the image store '\(PlainText.short(path))': \(what)? [y/N] ", to: STDERR_FILENO)
        let answer = readLine().map { $0.lowercased() }
        return answer == "y" || answer == "yes"
    }
}
