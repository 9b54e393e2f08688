internal import ArgumentParser
internal import Extents
internal import MobyRun
internal import MobySpec

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented first spec, NAME.yml, and print the commands that build and boot it.",
        discussion: HelpText.discussion(
            "Templates: \(list). The default is the template called NAME, image with --image, else minimal. "
                + "An existing file is never overwritten.",
            examples: ["moby init", "moby init web", "moby init --image ghcr.io/acme/shop:1 shop"],
            page: "docs/command-line.md#the-first-minute"))

    private static let list = StarterSpec.Template.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(
        separator: ", ")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: .shortAndLong,
        help: "Template: \(StarterSpec.Template.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(StarterSpec.Template.allCases.map(\.rawValue)))
    var template: String?
    @Option(help: ArgumentHelp("Image that the machine runs.", valueName: "reference"), completion: Completions.images)
    var image: String?
    @Argument(help: "Name of the machine, or path of the file.", completion: Completions.specs) var name = "moby"

    mutating func validate() throws {
        _ = try chosen()
        let base = Self.base(path)
        if TestReader.isTest(path) {
            throw ValidationError(
                "'\(PlainText.short(path))' is the name of a test file, which 'moby test' reads; name the spec")
        }
        let isName = base.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "._-".utf8.contains($0) }
        guard isName, !base.isEmpty, !base.hasPrefix("."), !base.hasPrefix("-") else {
            throw ValidationError(
                "'\(PlainText.short(base))' is not a valid name; expected letters, digits, '.', '_', '-'")
        }
        if let image, let error = StarterSpec.error(ofImage: image) { throw ValidationError("--image \(error)") }
    }

    func run() throws {
        let template = try chosen()
        guard try !HostFiles.isTaken(path) else {
            throw UnfitFile("'\(PlainText.short(path))' already exists", hint: "choose another name: moby init NAME")
        }
        let keys = template == .ssh ? try Self.publicKeys() : []
        let spec = StarterSpec(template, name: Self.base(path), keys: keys, image: image)
        try ExtentWriter.write(Array(spec.text.utf8), to: path)
        guard global.level > 0 else { return }
        print("\(path): \(template == .image ? "a machine that runs '\(image ?? "")'" : template.summary). Next:")
        print("  moby build \(QEMUPlan.shell(path))")
        print("  moby run qemu \(spec.runArguments.joined(separator: " "))")
        print(spec.visit)
        if template == .ssh, keys.isEmpty {
            let hint = StarterSpec.keyHint("in \(PlainText.short(path)), under 'files:'")
            Terminal.error("warning: no public key in ~/.ssh, so no one can log in: \(hint)")
        }
    }

    /// With its extension.
    private var path: String { name.hasSuffix(".yml") || name.hasSuffix(".yaml") ? name : name + ".yml" }

    private func chosen() throws -> StarterSpec.Template {
        let names = StarterSpec.Template.allCases.map(\.rawValue)
        guard let template else {
            let named = StarterSpec.Template(rawValue: SpecInput.baseName([name])) ?? .minimal
            return image != nil ? .image : named == .image ? .minimal : named
        }
        guard let found = StarterSpec.Template(rawValue: template) else {
            let guess = Spelling.closest(to: template, in: names).map { "did you mean '\($0)'?" }
            throw ValidationError(
                "unknown template '\(PlainText.short(template))'; \(guess ?? "expected \(names.joined(separator: ", "))")"
            )
        }
        if found == .image, image == nil { throw ValidationError("--template image requires --image REFERENCE") }
        if found != .image, image != nil { throw ValidationError("--image requires --template image, or none") }
        return found
    }

    private static func base(_ path: String) -> String {
        let file = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
        return [".yml", ".yaml"].first { file.hasSuffix($0) }.map { String(file.dropLast($0.count)) } ?? file
    }

    /// The user's key: that of the first usual name, else the first that there is.
    /// - Throws: `FileError`.
    private static func publicKeys() throws -> [String] {
        guard let home = Terminal.environment["HOME"], !home.isEmpty else { return [] }
        let names = try FolderTree.names(in: "\(home)/.ssh").filter { $0.hasSuffix(".pub") }
        let usual = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"].filter(names.contains)
        for name in usual + names {
            // What is not a key, a certificate for instance, is passed over.
            do { return try PublicKeys.read("\(home)/.ssh/\(name)") } catch is UnfitFile { continue }
        }
        return []
    }
}
