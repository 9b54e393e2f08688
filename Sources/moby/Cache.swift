internal import ArgumentParser
internal import Extents
internal import Glibc
internal import JSON
internal import MobyBuild
internal import MobyRun
internal import OCI

struct Cache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Manage the image store.",
        discussion: HelpText.discussion(
            examples: ["moby cache ls", "moby cache pull nginx:1.27", "moby cache prune --max-size 20G"],
            page: "docs/store.md"),
        subcommands: [
            CacheList.self, CachePull.self, CachePush.self, CacheExport.self, CacheImport.self, CacheRemove.self,
            CachePrune.self,
            CacheClean.self, CacheVerify.self,
        ])

    /// `1 image`, `2,500 images`.
    fileprivate static func count(_ number: Int, _ noun: String) -> String {
        "\(SizeText.grouped(UInt(number))) \(noun)\(number == 1 ? "" : "s")"
    }
}

extension StoreOptions {
    /// The store for commands about it: a folder with other files is an error, not an empty store.
    func storeToInspect() throws -> ContentStore {
        let store = try storeToRead()
        try store.checkIsStore()
        return store
    }
}

/// `--json` of the commands that answer in text.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false
}

struct CacheList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the images.",
        discussion: HelpText.discussion(
            """
            SIZE is what the store has of an image; layers that images share count for each. AGE is since the name got this image. A terminal \
            gets short digests.
            """, examples: ["moby cache ls", "moby cache ls --json"], page: "docs/store.md"))

    @OptionGroup var global: StoreOptions
    @Flag(help: "Print JSON, with the layers of this machine's platform.") var json = false

    func run() throws {
        let store = try global.storeToInspect()
        let images = try store.summaries()
        for file in try store.damagedReferences() {
            Terminal.error(
                "warning: '\(file)' of the store is damaged; remove it with 'moby cache verify --repair'", .warning)
        }
        if json { return print(try JSONValue.array(images.map { try Self.value($0, store) }).text(indent: 2)) }
        guard !images.isEmpty else { return }
        var table = TextTable([
            ("NAME", .left), ("DIGEST", .left), ("SIZE", .right), ("AGE", .right), ("PLATFORMS", .left),
        ])
        let now = Int64(time(nil))
        for image in images {
            let digest = "\(image.digest)"
            let platforms = image.platforms.map(\.description).joined(separator: " ")
            let kind = image.isWhole ? "artifact" : "incomplete"
            table.add([
                image.name, Terminal.isOutputTerminal ? String(digest.prefix(19)) : digest, Terminal.size(image.size),
                AgeText.age(now - image.changed), platforms.isEmpty ? kind : platforms,
            ])
        }
        for line in table.lines { print(line) }
    }

    private static func value(_ image: ContentStore.Summary, _ store: ContentStore) throws -> JSONValue {
        let layers = try store.image(named: image.name, platform: .host)?.layers ?? []
        return .object([
            ("name", .string(image.name)), ("digest", .string(image.digest.description)),
            ("size", .integer(image.size)), ("changed", .integer(image.changed)),
            ("platforms", .strings(image.platforms.map(\.description))),
            ("layers", .array(layers.map(Self.layer))),
        ])
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
        discussion: HelpText.discussion(
            "Exit code 1 when something is damaged or missing.", examples: ["moby cache verify --repair"],
            page: "docs/store.md"))

    @OptionGroup var global: StoreOptions
    @Flag(help: "Remove damaged files and everything derived from them; they are fetched or rebuilt when needed.")
    var repair = false
    @OptionGroup var output: JSONOption

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
        if output.json { print(json(found, derived).text(indent: 2)) } else { report(found, derived) }
        guard found.isWhole || (repair && found.incomplete.isEmpty && found.stuck.isEmpty) else {
            throw ExitCode.failure
        }
    }

    private func report(_ found: ContentStore.Verification, _ derived: [String]) {
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
    }

    private func json(_ found: ContentStore.Verification, _ derived: [String]) -> JSONValue {
        .object([
            ("bytes", .integer(found.bytes)), ("repaired", .bool(repair)), ("damaged", .strings(found.damaged)),
            ("stuck", .strings(found.stuck)), ("derived", .strings(derived)),
            (
                "incomplete",
                .array(
                    found.incomplete.map {
                        .object([("name", .string($0.name)), ("missing", .strings($0.missing.map(\.description)))])
                    })
            ),
        ])
    }
}

struct CacheRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove images by name.",
        discussion: HelpText.discussion(
            "The next 'moby cache prune' removes their content.", examples: ["moby cache rm nginx:1.26"],
            page: "docs/store.md"))

    @OptionGroup var global: StoreOptions
    @Argument(help: "Names, as 'moby cache ls' prints them; short forms work.", completion: Completions.images)
    var names: [String]
    @OptionGroup var output: JSONOption

    mutating func validate() throws {
        if names.contains("") { throw ValidationError("the name of an image is empty") }
    }

    func run() throws {
        let store = try global.storeToInspect()
        let missing = try names.filter { try !store.remove($0) }
        if output.json {
            let removed = names.filter { !missing.contains($0) }
            print(JSONValue.object([("removed", .strings(removed)), ("missing", .strings(missing))]).text(indent: 2))
        }
        for name in missing {
            Terminal.error("error: no image '\(PlainText.short(name))' in '\(PlainText.short(store.path))'", .error)
        }
        if !missing.isEmpty { throw ExitCode.failure }
    }
}

struct CachePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove unreferenced content and old segments.",
        discussion: HelpText.discussion(
            """
            --max-age also removes images, and --max-size then removes what was least recently used. While \
            another moby uses the store, what was used in the last day stays.
            """, examples: ["moby cache prune --max-age 30 --max-size 20G"], page: "docs/store.md"))

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("Keep files used in the last N days.", valueName: "n")) var days = 7
    @Option(
        help: ArgumentHelp("Also remove images that no build used in the last N days.", valueName: "n"))
    var maxAge: Int?
    @Option(help: ArgumentHelp("Make the store no larger than this, such as 2G.", valueName: "size"))
    var maxSize: String?
    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false
    @OptionGroup var output: JSONOption

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
        if output.json { print(json(pruned).text(indent: 2)) } else if global.level > 0 { report(pruned) }
        if global.level > 0, pruned.isShared {
            Terminal.error("note: another process uses the store, so files used in the last day stay", .note)
        }
    }

    private func report(_ pruned: ContentStore.Pruned) {
        let images = maxAge == nil && maxSize == nil ? "" : "\(Cache.count(pruned.images, "image")), "
        let files = Cache.count(pruned.files, "file")
        print("\(dryRun ? "would remove" : "removed") \(images)\(files), \(Terminal.size(pruned.bytes))")
    }

    private func json(_ pruned: ContentStore.Pruned) -> JSONValue {
        .object([
            ("dryRun", .bool(dryRun)), ("images", .integer(pruned.images)), ("files", .integer(pruned.files)),
            ("bytes", .integer(pruned.bytes)), ("shared", .bool(pruned.isShared)),
        ])
    }
}

struct CacheClean: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Remove the whole store.",
        discussion: HelpText.discussion(
            "Removes only what moby wrote, and then the folder if it is empty. Asks on a terminal; without one, use --force.",
            examples: ["moby cache clean --dry-run"], page: "docs/store.md"))

    @OptionGroup var global: StoreOptions
    @Flag(help: "Do not ask, and ignore other processes that use the store.") var force = false
    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false
    @OptionGroup var output: JSONOption

    func run() throws {
        let path = try global.storePath()
        guard try HostFiles.exists(path) else {
            if output.json { print(json(path, ContentStore.Contents(), isFolderGone: true).text(indent: 2)) }
            return
        }
        // A writer refuses a folder that is something else.
        let contents = try ContentStore(path: path).contents()
        let counts = "\(Cache.count(contents.images, "image")), \(Cache.count(contents.files, "file"))"
        let what = "\(counts), \(Terminal.size(contents.bytes))"
        if dryRun {
            if output.json { return print(json(path, contents, isFolderGone: false).text(indent: 2)) }
            print("would remove \(what) in \(PlainText.short(path))")
            return report(contents.others)
        }
        guard try force || isConfirmed(path, what) else {
            Terminal.error("nothing was removed", .error)
            throw ExitCode.failure
        }
        let (removed, isFolderGone) = try ContentStore.removeAll(path: path, force: force)
        if output.json { return print(json(path, removed, isFolderGone: isFolderGone).text(indent: 2)) }
        if global.level > 0 {
            print("removed \(PlainText.short(path))\(isFolderGone ? "" : ": \(what); the folder remains")")
        }
        report(removed.others)
    }

    private func json(_ path: String, _ contents: ContentStore.Contents, isFolderGone: Bool) -> JSONValue {
        .object([
            ("dryRun", .bool(dryRun)), ("path", .string(path)), ("images", .integer(contents.images)),
            ("files", .integer(contents.files)), ("bytes", .integer(contents.bytes)),
            ("kept", .strings(contents.others)), ("folderRemoved", .bool(isFolderGone)),
        ])
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
