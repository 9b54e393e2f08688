import Extents
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

struct CredentialsTests {
    static func lookUp(_ json: String, _ host: String, _ repository: String = "a/b", path: String = "") async throws
        -> RegistryCredential?
    {
        try await withTemporaryDirectory { folder in
            try TestFile.write(json, to: "\(folder)/config.json")
            let credentials = Credentials(environment: ["DOCKER_CONFIG": folder, "PATH": "\(path):/usr/bin:/bin"])
            return try await credentials.credential(for: RegistryHost(name: host), repository: repository)
        }
    }

    // "YTpi" is a:b, "YTpiOmM=" is a:b:c.
    @Test(
        arguments: [
            (#"{"auths":{"h.example":{"auth":"YTpi"}}}"#, "h.example", .password(user: "a", password: "b")),
            (#"{"auths":{"h.example":{"auth":"YTpiOmM="}}}"#, "h.example", .password(user: "a", password: "b:c")),
            (#"{"auths":{"https://h.example/v2/":{"auth":"YTpi"}}}"#, "h.example", .password(user: "a", password: "b")),
            (#"{"auths":{"h.example:5000":{"auth":"YTpi"}}}"#, "h.example:5000", .password(user: "a", password: "b")),
            (#"{"auths":{"h.example:5000":{"auth":"YTpi"}}}"#, "h.example", nil),
            (
                #"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}"#, "docker.io",
                .password(user: "a", password: "b")
            ),
            (#"{"auths":{"docker.io":{"auth":"YTpi"}}}"#, "docker.io", .password(user: "a", password: "b")),
            (
                #"{"auths":{"h.example":{"username":"u","password":"p"}}}"#, "h.example",
                .password(user: "u", password: "p")
            ),
            (#"{"auths":{"h.example":{"auth":"YTpi","identitytoken":"t"}}}"#, "h.example", .identityToken("t")),
            (#"{"auths":{"h.example":{"registrytoken":"t"}}}"#, "h.example", .bearer("t")),
            (#"{"auths":{"h.example":{}}}"#, "h.example", nil),
            (#"{"auths":{"h.example":{"auth":"%%%"}}}"#, "h.example", nil),
            // containers-auth.json(5): the longest path wins.
            (
                #"{"auths":{"h.example":{"auth":"YTpi"},"h.example/a":{"username":"u","password":"p"},"h.example/a/bc":{"auth":"YTpi"}}}"#,
                "h.example", .password(user: "u", password: "p")
            ),
            ("{}", "h.example", nil),
        ] as [(String, String, RegistryCredential?)])
    func files(json: String, host: String, expected: RegistryCredential?) async throws {
        #expect(try await Self.lookUp(json, host) == expected)
    }

    @Test func fileThatIsNoJSONIsAnErrorWithItsPath() async {
        let error = await #expect(throws: RegistryCredentialError.self) { try await Self.lookUp("{", "h.example") }
        #expect(error?.description.contains("config.json' is not valid") == true)
    }

    static let helper = """
        #!/bin/sh
        read -r host
        echo "$# $1 $host" >> "$(dirname "$0")/calls"
        case "$host" in
        h.example) echo '{"ServerURL":"h.example","Username":"u","Secret":"p w"}' ;;
        token.example) echo '{"Username":"<token>","Secret":"t"}' ;;
        none.example) echo 'credentials not found in native keychain'; exit 1 ;;
        https://index.docker.io/v1/) echo '{"Username":"hub","Secret":"s"}' ;;
        *) echo 'locked' >&2; exit 1 ;;
        esac
        """

    @Test(
        arguments: [
            (#"{"credHelpers":{"h.example":"test"}}"#, "h.example", .password(user: "u", password: "p w")),
            (#"{"credHelpers":{"h.example":"test"}}"#, "other.example", nil),
            (#"{"credsStore":"test","auths":{"h.example":{}}}"#, "h.example", .password(user: "u", password: "p w")),
            (#"{"credsStore":"test"}"#, "token.example", .identityToken("t")),
            (#"{"credsStore":"test"}"#, "none.example", nil),
            (#"{"credsStore":"test"}"#, "docker.io", .password(user: "hub", password: "s")),
        ] as [(String, String, RegistryCredential?)])
    func helpers(json: String, host: String, expected: RegistryCredential?) async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.helper, to: "\(folder)/docker-credential-test", mode: 0o755)
            #expect(try await Self.lookUp(json, host, path: folder) == expected)
            guard expected != nil || host == "none.example" else { return }
            // The host goes to standard input; there is one argument, the verb.
            #expect(try TestFile.text("\(folder)/calls").hasPrefix("1 get "))
        }
    }

    @Test(arguments: [
        (#"{"credsStore":"test"}"#, "locked.example", "has no credentials for 'locked.example': locked"),
        (#"{"credsStore":"absent"}"#, "h.example", "cannot run 'docker-credential-absent'"),
        (#"{"credsStore":"../../bin/sh"}"#, "h.example", "is not the name of a credential helper"),
    ])
    func helpersThatDoNotWork(json: String, host: String, reason: String) async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.helper, to: "\(folder)/docker-credential-test", mode: 0o755)
            let error = await #expect(throws: RegistryCredentialError.self) {
                try await Self.lookUp(json, host, path: folder)
            }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
    }

    /// A helper that never answers is named, given up and ended; so is one that does not read what it is asked.
    @Test(.timeLimit(.minutes(5))) func helpersThatHang() async throws {
        try await withTemporaryDirectory { folder in
            let script = "#!/bin/sh\nsleep 1000 &\necho $$ $! > \(folder)/new\nmv \(folder)/new \(folder)/pid\nwait\n"
            try TestFile.write(script, to: "\(folder)/docker-credential-test", mode: 0o755)
            let recorded = RecordedProgress()
            let pauses = Pauses()
            let helper = try CredentialHelper(
                name: "test", environment: ["PATH": "\(folder):/usr/bin:/bin"],
                progress: recorded.reporter,
                sleep: { pause in
                    pauses.add(pause)
                    // The time passes as soon as the helper runs.
                    while access("\(folder)/pid", F_OK) != 0 { try await Task.sleep(for: .milliseconds(1)) }
                })
            let error = await #expect(throws: RegistryCredentialError.self) {
                try await helper.credential(for: "h.example")
            }
            #expect(
                error?.description
                    == "'docker-credential-test' did not answer for 'h.example' within 60 s and was killed")
            #expect(
                recorded.lines == [
                    "note: waiting for 'docker-credential-test', which the credentials file names for 'h.example'"
                ])
            #expect(pauses.all == [.seconds(5), .seconds(55)])
            // The helper and what it started. Whoever adopts the latter reaps it in its own time.
            for word in try TestFile.text("\(folder)/pid").split(whereSeparator: \.isWhitespace) {
                let process = try #require(pid_t(word))
                try await Self.waitUntilGone(process)
            }
        }
    }

    /// Waits until a process has ended, reaped or not.
    private static func waitUntilGone(_ process: pid_t) async throws {
        while let state = try? TestFile.text("/proc/\(process)/stat"), !state.contains(") Z ") {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Another user's folder is skipped with a warning; a file that cannot be read for another reason is an error.
    @Test func credentialFilesThatCannotBeRead() async throws {
        try await withTemporaryDirectory { folder in
            #expect(symlink("config.json", "\(folder)/config.json") == 0)
            let credentials = Credentials(environment: ["DOCKER_CONFIG": folder])
            let error = await #expect(throws: FileError.self) {
                try await credentials.credential(for: RegistryHost(name: "h.example"), repository: "x")
            }
            #expect(error?.code == ELOOP)
        }
    }

    @Test func helperThatDoesNotReadIsHeard() async throws {
        PartialFiles.surviveBrokenPipes()
        try await withTemporaryDirectory { folder in
            try TestFile.write(
                "#!/bin/sh\nexec 0<&-\necho locked >&2; exit 3\n", to: "\(folder)/docker-credential-test", mode: 0o755)
            for _ in 0..<20 {
                let error = await #expect(throws: RegistryCredentialError.self) {
                    try await Self.lookUp(#"{"credsStore":"test"}"#, "h.example", path: folder)
                }
                #expect(error?.description == "'docker-credential-test' has no credentials for 'h.example': locked")
            }
        }
    }

    @Test func filesAreReadInOrder() async throws {
        try await withTemporaryDirectory { folder in
            let login = { (user: String) in #"{"auths":{"h.example":{"username":"\#(user)","password":"p"}}}"# }
            let files = [
                ("\(folder)/auth.json", "explicit"), ("\(folder)/.docker/config.json", "docker"),
                ("\(folder)/run/containers/auth.json", "runtime"), ("\(folder)/.config/containers/auth.json", "config"),
            ]
            let environment = ["REGISTRY_AUTH_FILE": files[0].0, "HOME": folder, "XDG_RUNTIME_DIR": "\(folder)/run"]
            for (path, user) in files.reversed() {
                try TestFile.write(login(user), to: path)
                let found = try await Credentials(environment: environment).credential(
                    for: RegistryHost(name: "h.example"), repository: "x")
                #expect(found == .password(user: user, password: "p"))
            }
        }
    }
}
