import JSON
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobySpec

struct SeccompTests {
    private static func names(_ yaml: String, label: String? = nil) throws -> Set<String>? {
        let config = try RuntimeConfigTests.configuration(
            "services:\n  - name: web\n    image: nginx\n" + yaml, label: label)
        guard let profile = config.config.json["linux"]?["seccomp"] else { return nil }
        #expect(profile["defaultAction"]?.string == "SCMP_ACT_ERRNO")
        #expect(profile["architectures"]?.array?.first?.string == "SCMP_ARCH_X86_64")
        let rules = (profile["syscalls"]?.array ?? []).filter { $0["action"]?.string == "SCMP_ACT_ALLOW" }
        return Set(rules.flatMap { ($0["names"]?.array ?? []).compactMap(\.string) })
    }

    @Test func dockersProfileIsTheDefault() throws {
        let names = try #require(try Self.names(""))
        #expect(names.isSuperset(of: ["read", "arch_prctl", "ptrace", "clone"]))
        #expect(names.isDisjoint(with: ["mount", "reboot", "bpf", "breakpoint", "add_key"]))
    }

    @Test func capabilitiesAllowTheirCalls() throws {
        let names = try #require(try Self.names("    capabilities: [CAP_SYS_ADMIN, CAP_SYS_TIME]\n"))
        #expect(names.isSuperset(of: ["mount", "settimeofday"]))
        #expect(!names.contains("reboot"))
        let ambient = try #require(try Self.names("    ambient: [CAP_SYS_BOOT]\n"))
        #expect(ambient.contains("reboot"))
    }

    @Test func allCapabilitiesAreNotFilteredUnlessAsked() throws {
        #expect(try Self.names("    capabilities: [all]\n") == nil)
        #expect(try Self.names("    capabilities: [all]\n    seccomp: default\n")?.contains("mount") == true)
        #expect(try Self.names("    seccomp: unconfined\n") == nil)
        #expect(try Self.names("", label: #"{"seccomp": "unconfined"}"#) == nil)
    }

    @Test func apparmorNamesAProfile() throws {
        func profile(_ key: String, label: String? = nil) throws -> String? {
            let yaml = "services:\n  - {name: web, image: nginx\(key)}\n"
            return try RuntimeConfigTests.configuration(yaml, label: label).config.json["process"]?["apparmorProfile"]?
                .string
        }
        #expect(try profile("") == nil)
        #expect(try profile(", apparmor: moby-default") == "moby-default")
        #expect(try profile("", label: #"{"apparmor": "own"}"#) == "own")
        #expect(throws: SpecError.self) { try profile(", apparmor: a b") }
    }

    @Test func aFileReplacesTheProfile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "profile.json",
            #"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "#
                + #""syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW", "args": []}]}"#)
        #expect(try Self.names("    seccomp: \(path)\n") == ["read"])
    }

    @Test(arguments: [
        ("{}", "'defaultAction' is not an action such as \"SCMP_ACT_ERRNO\""),
        (#"{"defaultAction": "SCMP_ACT_NONE"}"#, "'defaultAction' is not an action such as \"SCMP_ACT_ERRNO\""),
        (
            #"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}"#,
            "'syscalls[0]' has no 'names'"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["read"]}]}"#,
            "'syscalls[0]' has no 'action' such as \"SCMP_ACT_ALLOW\""
        ),
    ])
    func aBrokenProfileIsAnErrorOfTheBuild(_ text: String, _ reason: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("profile.json", text)
        let error = #expect(throws: SpecError.self) { try Self.names("    seccomp: \(path)\n") }
        #expect(error?.diagnostics.first?.message.hasSuffix("cannot be used: \(reason)") == true)
    }

    @Test func aMissingFileAndOneOfALabelAreErrors() throws {
        let error = #expect(throws: SpecError.self) { try Self.names("    seccomp: ./nothing.json\n") }
        #expect(error?.diagnostics.first?.message.contains("No such file") == true)
        #expect(throws: SpecError.self) { try Self.names("", label: #"{"seccomp": "/etc/profile.json"}"#) }
    }
}
