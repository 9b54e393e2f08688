import Foundation
import TestSupport
import Testing

/// What is wrong is said before anything is sent or built: options, variables, `outputs`.
struct GCPInputTests {
    private static let anonymous = [
        "CLOUDSDK_CORE_PROJECT": "infoslack-1337", "GOOGLE_APPLICATION_CREDENTIALS": "",
        "CLOUDSDK_CONFIG": "/nonexistent",
    ]

    @Test(arguments: [
        (
            ["web"], ["CLOUDSDK_DISK_SIZE": "abc"],
            "CLOUDSDK_DISK_SIZE is 'abc', expected a whole number of GB from 1 to 65536"
        ),
        (["-disk-size", "0", "web"], [:], "--disk-size is '0', expected a whole number of GB from 1 to 65536"),
        (
            ["x.img.tar.gz"], ["CLOUDSDK_IMAGE_PUBLIC": "maybe"],
            "CLOUDSDK_IMAGE_PUBLIC is 'maybe', expected true or false"
        ),
        (["-network", "Bad_n", "web"], [:], "'Bad_n' is not a valid network"),
        (["-subnet", "Bad_s", "web"], [:], "'Bad_s' is not a valid subnetwork"),
        (["-tag", "B_ad", "web"], [:], "'B_ad' is not a valid network tag"),
        (["-machine", "Foo/bar", "web"], [:], "'Foo/bar' is not a valid machine type"),
        (["-disk", "web", "web"], [:], "disk 'web' has the same name as the machine's boot disk"),
        (["-disk", "a", "-disk", "a", "web"], [:], "disk 'a' has the same name as another disk"),
    ])
    func errorsAreSaidFirst(arguments: [String], variables: [String: String], message: String) throws {
        let result = try Program.run(
            ["run", "gcp", "--dry-run"] + arguments, environment: Self.anonymous.merging(variables) { _, new in new })
        #expect(result.status == 1)
        #expect(result.error.hasPrefix("error: \(message)"), "\(result.error)")
        #expect(result.error.contains("\n  hint: "))
    }

    @Test func aDryRunIsJSONWhenAskedFor() throws {
        let result = try Program.run(["run", "gcp", "--dry-run", "--json", "web"], environment: Self.anonymous)
        #expect(result.status == 0, "\(result.error)")
        let calls = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
        #expect(calls.first?["method"] as? String == "GET")
    }

    private static let outputs = """
        outputs:
          - {format: gcp, project: infoslack-1337, bucket: Images}
          - format: gcp-storage
            bucket: images
            keys: /nonexistent/gcp.json
          - {format: qcow2, bucket: images}
          - format: gcp-storage

        """

    /// `lint` names each place; the build says the same and has begun nothing.
    @Test(arguments: [["lint"], ["build", "--dir", "/nonexistent"]]) func outputsAreChecked(verb: [String]) throws {
        let result = try Program.run(verb + ["-"], input: Self.outputs, environment: Self.anonymous)
        #expect(result.status == 2)
        for line in [
            "<stdin>:2:52: error: 'Images' is not a valid bucket name",
            "<stdin>:5:11: error: read '/nonexistent/gcp.json'",
            "<stdin>:6:29: warning: 'bucket' has no effect: 'qcow2' is not uploaded",
            "<stdin>:7:13: warning: nothing is uploaded: this 'gcp-storage' names neither a bucket nor a project",
        ] {
            #expect(result.error.contains(line), "\(result.error)")
        }
    }

    /// Each command names its own option.
    @Test func hintsNameTheOptionOfTheCommand() throws {
        let spec = "outputs: [{format: gcp, project: infoslack-1337, bucket: images}]\n"
        let built = try Program.run(["build", "-name", "Foo_x", "-"], input: spec, environment: Self.anonymous)
        #expect(built.status == 1)
        #expect(built.error.contains("'Foo_x' is not a valid Compute Engine image name\n"), "\(built.error)")
        #expect(built.error.hasSuffix("choose one with --name\n"))
        let variable = Self.anonymous.merging(["CLOUDSDK_IMAGE_NAME": "Foo_y"]) { _, new in new }
        #expect(
            try Program.run(["build", "-"], input: spec, environment: variable).error.hasSuffix(
                "choose one with CLOUDSDK_IMAGE_NAME\n"))
        let pushed = try Program.run(["push", "gcp", "Foo_x.img.tar.gz"], environment: Self.anonymous)
        #expect(pushed.error.hasSuffix("choose one with --img-name\n"), "\(pushed.error)")
    }

    @Test(arguments: [
        (
            ["push", "aws", "x"], "'moby push' supports only 'gcp', not 'aws'",
            "'moby build --format aws' makes an image for it"
        ),
        (
            ["push", "x.img.tar.gz"], "'moby push' supports only 'gcp', not 'x.img.tar.gz'",
            "moby push gcp x.img.tar.gz"
        ),
    ])
    func otherCloudsAreNamed(arguments: [String], message: String, hint: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 64)
        #expect(result.error.contains(message) && result.error.contains("hint: \(hint)"), "\(result.error)")
    }
}
