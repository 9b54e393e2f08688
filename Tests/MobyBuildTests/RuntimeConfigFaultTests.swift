import OCI
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobySpec

/// What the configuration of a container cannot be, with the images known.
struct RuntimeConfigErrorTests {
    struct Problem: CustomTestStringConvertible {
        let message: String
        let change: @Sendable (inout ContainerOptions) throws -> Void
        var testDescription: String { message }

        init(_ message: String, _ change: @escaping @Sendable (inout ContainerOptions) throws -> Void) {
            self.message = message
            self.change = change
        }
    }

    @Test(arguments: [
        Problem("'web' uses the volume 'data', which does not exist") { $0.binds = [try Bind("data:/x")] },
        Problem("'web' writes to the read-only volume 'fixed'") { $0.binds = [try Bind("fixed:/x")] },
        Problem(
            "sysctl 'net.ipv4.ip_forward' of 'web' needs a network namespace of its own; runc refuses it otherwise; add net: new"
        ) {
            $0.sysctl = ["net.ipv4.ip_forward": "1"]
        },
        Problem("sysctl 'net/ipv4/conf/eth0.1/forwarding' of 'web' needs a network namespace") {
            $0.sysctl = ["net/ipv4/conf/eth0.1/forwarding": "1"]
        },
        Problem("sysctl 'fs.mqueue.msg_max' of 'web' needs an ipc namespace of its own") {
            $0.sysctl = ["fs.mqueue.msg_max": "1"]
        },
        Problem("sysctl 'kernel.shmmax' of 'web' needs an ipc namespace of its own") {
            $0.sysctl = ["kernel.shmmax": "1"]
        },
        Problem("sysctl 'kernel.domainname' of 'web' needs a uts namespace of its own") {
            $0.sysctl = ["kernel.domainname": "1"]
        },
        Problem("sysctl 'kernel.hostname' of 'web' is refused by runc, which has the key 'hostname' for it") {
            ($0.sysctl, $0.uts) = (["kernel.hostname": "a"], .new)
        },
        Problem("sysctl 'vm.swappiness' of 'web' cannot be set for one container") {
            $0.sysctl = ["vm.swappiness": "1"]
        },
        Problem("'A=\\x00' of 'web' has a NUL byte in it") { $0.env = ["A=\0"] },
        Problem("'/a\\x00' of 'web' has a NUL byte in it") { $0.command = ["/a\0"] },
        Problem("'uid' of 'web' is 'nobody', but no container has that name; write a number") {
            $0.uid = .container("nobody")
        },
        Problem("command of 'web' is empty") { $0.command = [] },
        Problem("hostname 'x' needs a uts namespace of its own; runc refuses it otherwise; add uts: new") {
            $0.hostname = "x"
        },
    ])
    func errorOf(_ test: Problem) throws {
        var spec = try Workshop.spec(
            "volumes:\n  - {name: fixed, readonly: true}\nservices:\n  - name: web\n    image: nginx\n")
        try test.change(&spec.services[0].options)
        let error = #expect(throws: SpecError.self) { _ = try RuntimeConfigTests.configuration(spec) }
        let problems = error?.diagnostics.map { "\($0.location?.line ?? 0): \($0.message); \($0.hint ?? "")" } ?? []
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("4: " + test.message) == true, "\(problems)")
    }

    @Test func imageWithANulByteIsAnError() throws {
        var image = RuntimeConfigTests.image
        image.config?.env = ["PATH=/bin", "A=\0"]
        let error = #expect(throws: SpecError.self) {
            _ = try RuntimeConfigTests.configuration("services:\n  - name: web\n    image: nginx\n", image: image)
        }
        #expect(error?.diagnostics.map(\.message) == ["'A=\\x00' of 'web' has a NUL byte in it (Env of image 'nginx')"])
    }

    @Test func allErrorsOfAContainerAtOnce() throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        spec.services[0].options.command = []
        spec.services[0].options.uid = .container("nobody")
        spec.services[0].options.binds = [try Bind("a:/b")]
        let error = #expect(throws: SpecError.self) { _ = try RuntimeConfigTests.configuration(spec) }
        #expect(error?.diagnostics.count == 3)
    }

    @Test func valuesOfALabelAreReportedWithIt() {
        let error = #expect(throws: SpecError.self) {
            _ = try RuntimeConfigTests.configuration(
                "services:\n  - name: web\n    image: nginx\n", label: #"{"binds": ["data:/x"], "uid": "dat"}"#)
        }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'uid' of the label of 'nginx' is 'dat', but no container has that name",
                "the label of 'nginx' uses the volume 'data', which does not exist",
            ])
    }
}
