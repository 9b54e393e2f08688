import TestSupport
import Testing

@testable import moby

/// Old spellings become today's; unknown ones are errors.
struct CommandLineTests {
    private static let reader = Result { try CommandLineReader() }

    @Test(arguments: [
        ("run qemu -publish 8080:80 nginx", "run qemu --publish 8080:80 nginx"),
        ("run -cpus=2 -mem 512 nginx", "run --cpus=2 --mem 512 nginx"),
        ("run gcp -project P -zone=z x", "run gcp --project P --zone=z x"),
        ("run --publish 8080:80 nginx", "run --publish 8080:80 nginx"),
        ("run qemu -gui=true -uefi=false -kernel x", "run qemu --gui --kernel x"),
        ("run qemu --kernel=false --iso=T x", "run qemu --iso x"),
        // Short options and a lone dash stay.
        ("build -o out.tar -f qcow2 -v -q -", "build -o out.tar -f qcow2 -v -q -"),
        ("build -o=out.tar -f=tar x", "build --output=out.tar --format=tar x"),
        ("build --o out.tar x", "build --o out.tar x"),
        ("cache prune -days -1", "cache prune --days -1"),
        // What follows -- is QEMU's.
        ("run qemu -mem 1 x -- -cpu max -mem 2 -name y", "run qemu --mem 1 x -- -cpu max -mem 2 -name y"),
        // A value may hold an equals sign and dashes, and look like a command or a number.
        ("run -data=a=b-cpus x", "run --data=a=b-cpus x"),
        ("build -name build -dir 2 x", "build --name build --dir 2 x"),
        // 2017.
        ("run qemu -fwpath fw.bin x", "run qemu --fw fw.bin x"),
        ("run qemu -diskpath d.img -disksize 4G x", "run qemu --disk file=d.img,size=4G,format=qcow2 x"),
        ("run qemu -cpus 2 -diskpath=d.img x", "run qemu --disk file=d.img,format=qcow2 --cpus 2 x"),
        ("run -diskpath d.img -disksize 1048577 x", "run --disk file=d.img,size=2M,format=qcow2 x"),
        ("build -name n -pull web.yml", "build --name n --pull web.yml"),
        ("build -output raw,iso web.yml", "build --format raw,iso web.yml"),
        ("build --output x.tar web.yml", "build --output x.tar web.yml"),
        ("build -disable-content-trust -input-tar t web.yml", "build --disable-content-trust --input-tar t web.yml"),
        // Go's help and version.
        ("build -help", "build --help"), ("-version", "--version"), ("cache -h ls", "cache ls --help"),
        // Levels.
        ("build -v x", "build -v x"), ("build -vv x", "build -v -v x"), ("build -v 2 x", "build -v x"),
        ("build -v3 x", "build -v -v x"),
        ("build --verbose=3 x", "build -v -v x"), ("build --verbose 1 x", "build x"),
        ("build -verbose x", "build -v x"),
        ("build -v 0 x", "build --quiet x"), ("build -qf raw x", "build -q -f raw x"),
        // In front of the verb.
        ("-v build x", "build -v x"), ("-v 2 build x", "build -v x"), ("-q -cache c build x", "build -q --cache c x"),
        ("--cache=c cache ls -json", "cache ls --cache=c --json"), ("cache --cache c ls", "cache ls --cache c"),
        ("run -cpus 2 qemu x", "run qemu --cpus 2 x"), ("run -cpus 2 qemu", "run --cpus 2 qemu"),
        ("run qemu", "run qemu"),
        ("help cache ls", "help cache ls"), ("", ""),
    ])
    func readsOldSpellings(old: String, new: String) throws {
        let words = { (text: String) in text.split(separator: " ").map(String.init) }
        let reader = try Self.reader.get()
        let once = try reader.normalize(words(old))
        #expect(once == words(new))
        #expect(try reader.normalize(once) == once)
    }

    /// Every long option works with one dash, whatever letters its name has.
    @Test func everyLongOptionMayHaveOneDash() throws {
        let reader = try Self.reader.get()
        func visit(_ command: CommandTree, _ path: [String]) throws {
            for name in command.subcommands ?? [] { try visit(name, path + [name.commandName]) }
            guard command.subcommands?.isEmpty != false, !path.isEmpty, path != ["help"] else { return }
            for option in command.options {
                // One letter is a short option; -verbose and -output have tests of their own.
                for name in option.longNames
                where name.count > 1 && !["help", "version", "verbose"].contains(name)
                    && path + [name] != ["build", "output"]
                {
                    let value = option.takesValue ? ["value"] : []
                    let read = try reader.normalize(path + ["-" + name] + value)
                    #expect(read == path + ["--" + name] + value)
                }
            }
        }
        let tree = try CommandTree.read()
        try visit(tree, [])
        #expect(tree.subcommand("build")?.options.contains { $0.longNames.contains("disable-content-trust") } == true)
    }

    @Test(arguments: [
        ("build -formt tar x.yml", "unknown option '-formt'; did you mean '--format'?"),
        ("build --formt tar x.yml", "unknown option '--formt'; did you mean '--format'?"),
        ("build --formt=tar x.yml", "unknown option '--formt'; did you mean '--format'?"),
        ("build -dirh x.yml", "unknown option '-dirh'; did you mean '--dir'?"),
        ("build -hyperkit x.yml", "unknown option '-hyperkit'"), ("build -h1 x.yml", "unknown option '-h1'"),
        ("build -vh x.yml", "unknown option '-vh'"), ("build -x x.yml", "unknown option '-x'"),
        ("build --outptu x x.yml", "did you mean '--output'?"),
        ("build --zone z x.yml", "hint: it is an option of 'moby run gcp'"),
        ("run qemu -pubish 1:1 x", "unknown option '-pubish'; did you mean '--publish'?"),
        ("run -pubish 1:1 x", "unknown option '-pubish'; did you mean '--publish'?"),
        ("run qemu -disk d.img -disk-size 4G x", "hint: use --disk d.img,size=4G"),
        ("run hyperkit -hyperkit /h -mem 512 x", "'moby run' supports 'qemu' and 'gcp', not 'hyperkit'"),
        ("-dirh build x.yml", "unknown option '-dirh'"),
        ("build -config c x.yml", "hint: there is no configuration file"),
        ("build -gui=maybe x.yml", "unknown option '-gui'"),
        ("run -gui=maybe x", "--gui is 'maybe', expected true or false"),
        ("build --verbose=9 x.yml", "--verbose is '9', expected 0 to 3"),
        ("build -v 17 x.yml", "--verbose is '17', expected 0 to 3"),
        ("build -q -v x.yml", "--quiet and --verbose cannot be combined"),
        ("build --quiet --verbose 2 x.yml", "--quiet and --verbose cannot be combined"),
        ("build --pull --offline x.yml", "--pull and --offline cannot be combined"),
        ("build --input-tar a.tar --o a.tar x.yml", "--input-tar and --output name the same file, 'a.tar'"),
        ("build", "error: missing expected argument '<files> ...'\n  hint: see 'moby build --help'"),
        ("build --name", "missing value for '--name <name>'"), ("formats x", "unexpected argument 'x'"),
        // Options where they mean nothing.
        ("formats --mirror m", "hint: it is an option of 'moby build'"),
        ("formats --cache c", "unknown option '--cache'"),
        ("inspect --insecure-registry h x", "unknown option '--insecure-registry'"),
        ("ls --layer-limit 1 x", "unknown option"),
        ("cat --cert-file f x y", "unknown option '--cert-file'"),
        ("metadata create --mirror m d.iso t", "unknown option '--mirror'"),
        ("schema --cache c", "unknown option '--cache'"), ("version --cache c", "unknown option '--cache'"),
        ("cache ls --mirror m", "unknown option '--mirror'"), ("pkg lock --mirror m d", "unknown option '--mirror'"),
        ("push gcp --cache c x", "unknown option '--cache'"), ("lint --mirror m x.yml", "unknown option '--mirror'"),
        // Commands.
        ("bulid x.yml", "unknown command 'bulid'; did you mean 'build'?"),
        ("help bulid", "unknown command 'bulid'; did you mean 'build'?"),
        ("cache lss", "unknown command 'cache lss'; did you mean 'cache ls'?"),
        ("help cache lss", "did you mean 'cache ls'?"),
        ("-q bulid x.yml", "unknown command 'bulid'"), ("xyzzy", "hint: the commands are init, build, lint"),
        ("push gpc x.img.tar.gz", "'moby push' supports only 'gcp', not 'gpc'"),
        ("completion tcsh", "expected bash, zsh or fish"),
    ])
    func whatIsNotKnownIsAnError(line: String, message: String) throws {
        let result = try Program.run(line.split(separator: " ").map(String.init))
        #expect(result.status == 64, "\(result.error)")
        #expect(result.error.hasPrefix("error: ") && result.error.contains(message), "\(result.error)")
        #expect(result.output.isEmpty && !result.error.contains("Error:"))
    }
}
