import Glibc
import HTTP
import JSON
import Progress
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// Logins: what is checked, what is written, and where.
struct LoginTests {
    static func login(_ folder: String, path: String = "") -> RegistryLogin {
        var options = ImageProvider.Options()
        options.environment = ["DOCKER_CONFIG": folder, "PATH": "\(path):/usr/bin:/bin"]
        return RegistryLogin(options: options, progress: .silent, retry: RetryPolicy(firstPause: .zero))
    }

    @Test(
        arguments: [
            ("ghcr.io", "ghcr.io"), ("GHCR.io", "ghcr.io"), ("https://ghcr.io/", "ghcr.io"),
            ("localhost:5000", "localhost:5000"), ("docker.io", "docker.io"), ("index.docker.io", "docker.io"),
            ("https://index.docker.io/v1/", "docker.io"), ("registry-1.docker.io", "docker.io"),
            ("ghcr.io/acme", nil), ("acme", nil), ("", nil), ("a b.example", nil),
        ] as [(String, String?)])
    func names(text: String, name: String?) {
        #expect((try? RegistryName(text).description) == name)
    }

    @Test func basicLoginIsCheckedAndKept() async throws {
        try await withTemporaryDirectory { folder in
            try await DockerRegistry.with(authenticated: true, in: folder) { registry in
                let (name, login) = (try RegistryName(registry.host), Self.login("\(folder)/login"))
                let wrong = await #expect(throws: RegistryCredentialError.self) {
                    try await login.logIn(name, user: DockerRegistry.user, password: "wrong-secret")
                }
                #expect(wrong?.description.contains("refuses this user and password") == true)
                #expect(wrong?.description.contains("wrong-secret") == false)
                #expect(access("\(folder)/login/config.json", F_OK) != 0)
                let result = try await login.logIn(name, user: DockerRegistry.user, password: DockerRegistry.password)
                #expect(result.isChecked && result.place.helper == nil)
                var info = stat()
                #expect(stat("\(folder)/login/config.json", &info) == 0 && info.st_mode & 0o777 == 0o600)
                // Another program can use it.
                let tags = try await Oracle.skopeo(
                    "login", "--get-login", "--authfile", "\(folder)/login/config.json", registry.host)
                #expect(tags.contains(DockerRegistry.user))
                let places = try await login.logOut(name)
                #expect(places.map(\.file) == ["\(folder)/login/config.json"])
                #expect(try await login.logOut(name).isEmpty)
            }
        }
    }

    /// The token server gives a token that stands in for the password: only that is kept.
    @Test func identityTokenIsKeptInsteadOfThePassword() async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { request in
                if request.method == "POST" { return .init(text: #"{"access_token":"good"}"#) }
                return request.headers["authorization"] == "Basic dTpwYXNzd29yZA=="
                    ? .init(text: #"{"token":"good","refresh_token":"refresh"}"#)
                    : .init(401, text: "no password for you")
            }
            let registry = try AuthorizationTests.bearer(tokens)
            registry.answer { request in
                guard request.headers["authorization"] == "Bearer good" else {
                    let challenge = #"Bearer realm="http://\#(tokens.host)/token",service="test""#
                    return .init(401, headers: ["WWW-Authenticate": challenge], text: "")
                }
                return request.target == "/v2/" ? .init(text: "{}") : nil
            }
            let name = try RegistryName(registry.server.host)
            let login = Self.login("\(folder)/login")
            _ = try await login.logIn(name, user: "u", password: "password")
            #expect(tokens.requests[0].target == "/token?service=test&account=u&client_id=moby&offline_token=true")
            let text = try TestFile.text("\(folder)/login/config.json")
            #expect(text.contains(#""identitytoken": "refresh""#) && !text.contains("dTpw"), "\(text)")
            let environment = ["DOCKER_CONFIG": "\(folder)/login"]
            _ = try await RegistryTests.provider("\(folder)/store", environment: environment).image(registry.name)
            #expect(tokens.requests.last?.method == "POST")
            let wrong = await #expect(throws: RegistryCredentialError.self) {
                try await login.logIn(name, user: "u", password: "not-it")
            }
            #expect(wrong?.description.contains("401 no password for you") == true, "\(wrong?.description ?? "")")
        }
    }

    @Test func registryWithoutLoginsIsReported() async throws {
        try await withTemporaryDirectory { folder in
            let open = try ScriptedServer { _ in .init(text: "{}") }
            let result = try await Self.login(folder).logIn(try RegistryName(open.host), user: "u", password: "p")
            #expect(!result.isChecked)
            let other = try ScriptedServer { _ in .init(404, text: "<html>") }
            let error = await #expect(throws: RegistryCredentialError.self) {
                try await Self.login(folder).logIn(try RegistryName(other.host), user: "u", password: "p")
            }
            #expect(error?.description.contains("is not a registry") == true)
        }
    }

    /// Other keys stay as they are, in order, with their numbers as they were written; a link stays a link.
    @Test func restOfTheFileStays() throws {
        try withTemporaryDirectory { folder in
            let text = #"""
                {"zeta": 1.50, "auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}, "h.example/team": {"auth": "YTpi"},
                "docker.io": {"auth": "x"}}, "HttpHeaders": {"b": [], "a": 1e3}, "alpha": "\u00e9"}
                """#
            try TestFile.write(text, to: "\(folder)/real.json")
            #expect(symlink("real.json", "\(folder)/config.json") == 0)
            var file = try LoginFile(path: "\(folder)/config.json")
            file.set(.password(user: "u", password: "p"), for: RegistryHost(name: "docker.io"))
            file.set(nil, for: RegistryHost(name: "h.example"))
            try file.write()
            var info = stat()
            #expect(lstat("\(folder)/config.json", &info) == 0 && info.st_mode & S_IFMT == S_IFLNK)
            let written = try TestFile.text("\(folder)/real.json")
            #expect(
                try JSONValue(parsing: Array(written.utf8)).text(indent: 0)
                    == #"{"zeta":1.50,"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"h.example/team":{"auth":"YTpi"},"h.example":{}},"HttpHeaders":{"b":[],"a":1e3},"alpha":"é"}"#
            )
            var again = try LoginFile(path: "\(folder)/config.json")
            #expect(again.remove(RegistryHost(name: "h.example")) && !again.remove(RegistryHost(name: "h.example")))
            for wrong in ["[]", #"{"auths": 1}"#, "{"] {
                try TestFile.write(wrong, to: "\(folder)/wrong.json")
                #expect(throws: RegistryCredentialError.self) { try LoginFile(path: "\(folder)/wrong.json") }
            }
        }
    }

    private static let helper = """
        #!/bin/sh
        data=$(dirname "$0")/data
        case "$1" in
        store) cat > "$data" ;;
        get) read -r host; [ -e "$data" ] || { echo 'credentials not found in native keychain'; exit 1; }
             echo '{"Username":"u","Secret":"p w"}' ;;
        erase) rm "$data" ;;
        esac
        """

    @Test func helperGetsTheLogin() async throws {
        try await withTemporaryDirectory { folder in
            let open = try ScriptedServer { _ in .init(text: "{}") }
            try TestFile.write(Self.helper, to: "\(folder)/docker-credential-test", mode: 0o755)
            try TestFile.write(#"{"credsStore":"test"}"#, to: "\(folder)/config.json")
            let (login, name) = (Self.login(folder, path: folder), try RegistryName(open.host))
            let result = try await login.logIn(name, user: "u", password: "p \"w\"")
            #expect(result.place.helper == "docker-credential-test")
            #expect(
                try TestFile.text("\(folder)/data")
                    == #"{"ServerURL":"\#(open.host)","Username":"u","Secret":"p \"w\""}"#)
            let kept = try TestFile.text("\(folder)/config.json")
            #expect(kept.contains("\"\(open.host)\": {}"), "\(kept)")
            #expect(try await login.logOut(name).map(\.helper) == ["docker-credential-test"])
            #expect(access("\(folder)/data", F_OK) != 0)
            #expect(try await login.logOut(name).isEmpty)
            try TestFile.write(
                "#!/bin/sh\necho locked by $(cat)\nexit 1\n", to: "\(folder)/docker-credential-test", mode: 0o755)
            let error = await #expect(throws: RegistryCredentialError.self) {
                try await login.logIn(name, user: "u", password: "p-secret")
            }
            #expect(error?.description.contains("did not store the login") == true, "\(error?.description ?? "")")
            #expect(error?.description.contains("p-secret") == false)
        }
    }
}
