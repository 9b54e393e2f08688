import Foundation
import TestSupport
import Testing

/// `moby login` and `moby logout` as a user meets them.
struct LoginCommandTests {
    @Test func passwordComesFromStandardInputOnly() async throws {
        try await withTemporaryDirectory { folder in
            try await DockerRegistry.with(authenticated: true, in: folder) { registry in
                let environment = [
                    "HOME": folder, "REGISTRY_AUTH_FILE": "\(folder)/auth.json", "MOBY_CACHE": "\(folder)/c",
                ]
                func moby(_ words: [String], input: String = "") throws -> Program.Result {
                    try Program.run(words, input: input, environment: environment)
                }
                let words = ["login", registry.host, "-u", DockerRegistry.user, "--password-stdin", "-vv"]
                let wrong = try moby(words, input: "wrong-secret\n")
                #expect(wrong.status == 1 && wrong.error.contains("refuses this user and password"), "\(wrong.error)")
                #expect(!(wrong.error + wrong.output).contains("wrong-secret"))
                let right = try moby(words, input: DockerRegistry.password + "\r\n")
                #expect(
                    right.status == 0
                        && right.output
                            == "logged in to '\(registry.host)' as 'ada'; kept in '\(folder)/auth.json'\n",
                    "\(right)")
                let secrets = [
                    DockerRegistry.password, Data("ada:\(DockerRegistry.password)".utf8).base64EncodedString(),
                ]
                for secret in secrets { #expect(!(right.error + right.output).contains(secret)) }
                let pulled = try moby(["cache", "pull", "\(registry.host)/none", "-vv"])
                #expect(pulled.status == 1 && pulled.error.contains("404"), "\(pulled.error)")
                for secret in secrets { #expect(!(pulled.error + pulled.output).contains(secret)) }
                let doctor = try moby(["doctor"])
                #expect(doctor.output.contains("'\(folder)/auth.json': \(registry.host)"), "\(doctor.output)")
                let gone = try moby(["logout", registry.host])
                #expect(gone.status == 0 && gone.output.contains("removed from '\(folder)/auth.json'"), "\(gone)")
                let again = try moby(["logout", registry.host])
                #expect(again.status == 1 && again.error == "error: not logged in to '\(registry.host)'\n")
            }
        }
    }

    @Test(arguments: [
        (["login", "ghcr.io"], "no terminal to ask on; give --username and --password-stdin"),
        (["login", "ghcr.io", "--password-stdin"], "--password-stdin needs --username"),
        (["login", "ghcr.io", "-psecret"], "unknown option '-p'\n  hint: every user of this machine"),
        (["login", "ghcr.io", "--password", "secret"], "unknown option '--password'\n  hint: every user"),
        (["login", "ghcr.io", "--password=secret"], "unknown option '--password'\n  hint: every user"),
        (["login", "ghcr.io/acme", "-u", "u", "--password-stdin"], "hint: log in to the whole registry: ghcr.io"),
        (["login", "ghcr.io", "-u", "u", "--password-stdin"], "the password is empty"),
        (["logout", "acme"], "'acme' is not the name of a registry"),
    ])
    func wrongUse(words: [String], message: String) throws {
        let ended = try Program.run(words)
        #expect(ended.status == 64 && ended.error.contains(message), "\(ended.error)")
        #expect(!ended.error.contains("secret"))
    }

    @Test func fileOfRegistriesIsFoundAndChecked() throws {
        try withTemporaryDirectory { folder in
            let environment = ["HOME": folder, "XDG_CONFIG_HOME": "", "MOBY_CACHE": "\(folder)/cache"]
            func moby(_ words: [String], _ more: [String: String] = [:]) throws -> Program.Result {
                try Program.run(words, environment: environment.merging(more) { $1 })
            }
            let own = "\(folder)/.config/moby/registries.yml"
            try TestFile.write("mirrors: [{match: [docker.io], try: [\"http://127.0.0.1:1/hub\"]}]\n", to: own)
            #expect(try moby(["doctor"]).output.contains("'\(own)', rules: 1 of mirrors, 0 of hosts"))
            let pulled = try moby(["cache", "pull", "nginx"])
            #expect(
                pulled.status == 1 && pulled.error.contains("mirror http://127.0.0.1:1/hub/v2: "), "\(pulled.error)")
            try TestFile.write("mirror: []\n", to: "\(folder)/other.yml")
            let wrong = try moby(["cache", "pull", "nginx", "--registries", "\(folder)/other.yml"])
            #expect(wrong.status == 2 && wrong.error.contains("unknown key 'mirror'"), "\(wrong.error)")
            let named = try moby(["cache", "pull", "nginx"], ["MOBY_REGISTRIES": "\(folder)/none.yml"])
            #expect(named.status == 1 && named.error.contains("read '\(folder)/none.yml'"), "\(named.error)")
        }
    }
}
