import JSON
import MobySpec
import Testing

@testable import MobyPackage

@Suite struct PackageSpecReaderTests {
    @Test func readsEveryKey() throws {
        let spec = try PackageSpecReader.read(
            """
            image: web
            org: acme
            arches: [x86_64]
            packages: [nginx]
            exclude: ["perl*"]
            only: [usr/sbin/nginx]
            drop: [a]
            keep: [b]
            products: {init: /init}
            entrypoint: [/bin/x]
            cmd: [y]
            env: ["A=b"]
            workdir: /w
            user: "33"
            labels: {x: "1"}
            config: {net: host, readonly: true, oomScoreAdj: -800, tmpfs: []}
            files:
              - {path: a, directory: true}
              - {path: b, symlink: /c, uid: 1, gid: 2}
              - {path: c, contents: hello, mode: "0600"}
              - {paths: list, symlink: /c}
              - {path: e, concatenate: ["**/*.crt"]}
            """, file: "build.yml")
        #expect([spec.image.value, spec.org, spec.workdir, spec.user] == ["web", "acme", "/w", "33"])
        func values(_ list: [Located<String>]?) -> [String]? { list?.map(\.value) }
        #expect([spec.arches, values(spec.packages), values(spec.exclude)] == [["amd64"], ["nginx"], ["perl*"]])
        #expect([values(spec.only), values(spec.drop), values(spec.keep)] == [["usr/sbin/nginx"], ["a"], ["b"]])
        #expect([values(spec.entrypoint), values(spec.cmd), spec.env] == [["/bin/x"], ["y"], ["A=b"]])
        #expect(spec.products.map { "\($0.name) \($0.path)" } == ["init /init"])
        #expect(spec.labels == ["x": "1"])
        #expect(spec.config?.text(indent: 0) == #"{"net":"host","readonly":true,"oomScoreAdj":-800,"tmpfs":[]}"#)
        #expect(spec.files.count == 5)
        #expect([spec.files[1].uid, spec.files[1].gid] == [1, 2])
        #expect(spec.files[2].mode == 0o600)
    }

    @Test func kernelTakesAllOrAList() throws {
        #expect(
            try PackageSpecReader.read("image: k\nkernel: {package: x, modules: all}", file: "f").kernel?.modules == nil
        )
        let spec = try PackageSpecReader.read(
            "image: k\nkernel: {package: \"linux-{arch}\", modules: [a, b]}", file: "f")
        #expect(spec.kernel?.modules?.map(\.value) == ["a", "b"])
    }

    @Test(arguments: [
        ("{}", "build.yml:1:1: build.yml has no 'image' | add image: web"),
        ("image: a\npackage: [x]", "build.yml:2:1: unknown key 'package' in build.yml | did you mean 'packages'?"),
        ("image: a\nimage: b", "build.yml:2:1: duplicate key 'image' (first on line 1) | remove one of them"),
        (
            "image: a\npackages: nginx",
            "build.yml:2:11: 'packages' of build.yml is the string 'nginx', expected a list | write [\"nginx\"], or one item a line with '- ' before it"
        ),
        (
            "image: a\nfiles: [{path: x, contents: y, mode: 0644}]",
            "build.yml:2:38: 'mode' of file 'x' is the number 0644, expected an octal string such as \"0644\" | "
                + "write \"0644\" with quotes; unquoted, YAML reads it as the number 420"
        ),
        (
            "image: a\nfiles: [{path: x}]",
            "build.yml:2:9: file 'x' has no content | give it one of directory: true, symlink, contents, source and concatenate"
        ),
        (
            "image: a\nfiles: [{path: x, contents: y, symlink: z}]",
            "build.yml:2:9: file 'x' has 'symlink' and 'contents', expected only one | give it one of directory: true, symlink, contents, source and concatenate"
        ),
        (
            "image: a\nfiles: [{path: ../x, contents: y}]",
            "build.yml:2:16: 'path' of file '../x' is '../x', expected a path inside, without '..' | "
        ),
        (
            "image: a\nfiles: [{path: x, source: ../../etc/passwd}]",
            "build.yml:2:27: 'source' of file 'x' is '../../etc/passwd', expected a path inside, without '..' | "
        ),
        (
            "image: a\nkernel: {}",
            "build.yml:2:9: 'kernel' of build.yml has no 'package' | add package: \"linux-image-{arch}\""
        ),
        (
            "image: a\nkernel: {package: x, modules: some}",
            "build.yml:2:31: 'kernel.modules' of build.yml is the string 'some', expected 'all' or a list of modules | "
        ),
        (
            "image: a\nconfig: {capabilties: [all]}",
            "build.yml:2:10: unknown key 'capabilties' in config | did you mean 'capabilities'?"
        ),
        (
            "image: a\nconfig:\n  net: host\n  capabilities: {all: 1}",
            "build.yml:4:17: 'capabilities' of config is a mapping, expected a list | begin each item with '- '"
        ),
        (
            "image: a\nlabels:\n  a: b\n  org.mobyproject.config: '{\"capabilties\": []}'",
            "build.yml:4:3: label 'org.mobyproject.config': unknown key 'capabilties' in config | did you mean 'capabilities'?"
        ),
        (
            "image: a\nconfig: {net: host}\nlabels: {org.mobyproject.config: '{}'}",
            "build.yml:3:10: label 'org.mobyproject.config' and 'config' cannot be combined | remove one of them"
        ),
        (
            "image: a\nnetwork: true",
            "build.yml:2:1: unknown key 'network' in build.yml | "
                + "LinuxKit's packages, which a Dockerfile builds, have it; moby's are made of Debian packages and files"
        ),
        (
            "image: a\npackages: [ok, \"-oDir::Etc=/x\"]",
            "build.yml:2:16: 'packages[1]' of build.yml is '-oDir::Etc=/x', expected the name of a Debian package | "
                + "a name has lower-case letters, digits, '+', '-' and '.', and may end in =VERSION or /RELEASE"
        ),
        ("image: a\n---\nimage: b", "build.yml:2:1: only the first document of a file is read | "),
        (
            "image: \"\"",
            "build.yml:1:8: '' is not a valid image name | "
                + "a name has lower-case letters, digits, '.', '_' and '-'; the tag comes from moby"
        ),
        (
            "image: a:1",
            "build.yml:1:8: 'a:1' is not a valid image name | "
                + "a name has lower-case letters, digits, '.', '_' and '-'; the tag comes from moby"
        ),
        (
            "image: a\norg: ghcr.io/Acme",
            "build.yml:1:8: 'ghcr.io/Acme/a' is not a valid image name | "
                + "a name has lower-case letters, digits, '.', '_' and '-'; the tag comes from moby"
        ),
        ("image: a\nconfig: [x]", "build.yml:2:9: config is a list, expected a mapping of keys and values | "),
    ])
    func errorIsReportedWithItsLocation(text: String, expected: String) {
        let error = #expect(throws: SpecError.self) { try PackageSpecReader.read(text, file: "build.yml") }
        let told = (error?.diagnostics ?? []).map {
            "\($0.location?.description ?? "?"): \($0.message) | \($0.hint ?? "")"
        }
        #expect(told == [expected])
    }

    @Test(arguments: [
        "nginx", "g++", "libc6:amd64", "nginx=1.22.1-9+deb12u1", "nginx/bookworm-backports", "a", "libstdc++-12-dev",
    ])
    func debianNamesAreTaken(name: String) throws {
        #expect(
            try PackageSpecReader.read("image: a\npackages: ['\(name)']", file: "f").packages.map(\.value) == [name])
    }

    @Test(arguments: ["nginx-", "-y", "--", "Nginx", "ng*", "^lxde", "a b", "./x.deb", "", "~nfoo"])
    func whatAptWouldTakeForSomethingElseIsRefused(name: String) {
        #expect(throws: SpecError.self) { try PackageSpecReader.read("image: a\npackages: ['\(name)']", file: "f") }
    }

    @Test func allErrorsAreReported() {
        let error = #expect(throws: SpecError.self) {
            try PackageSpecReader.read("imag: a\ncmd: x\nuser: [y]", file: "f")
        }
        #expect(error?.diagnostics.count == 4)
    }
}
