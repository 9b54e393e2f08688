import Extents
import Testing

@testable import Attest

/// Packages in databases and programs.
@Suite struct PackageTests {
    private static let debian = SoftwarePackage.Distribution(id: "debian", version: "12")

    @Test func statusOfDpkg() {
        let packages = DebianPackages.packages(
            """
            Package: libc6
            Status: install ok installed
            Architecture: amd64
            Source: glibc
            Version: 2.36-9+deb12u14
            Description: GNU C Library
             with several
             .
             lines

            Package: gone
            Status: deinstall ok config-files
            Version: 1

            Package: libcap2
            Version: 1:2.66-4+b1
            Architecture: amd64

            no field
            """, Self.debian)
        #expect(packages.map(\.name) == ["libc6", "libcap2"])
        #expect(
            packages.map(\.url) == [
                "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12&upstream=glibc",
                "pkg:deb/debian/libcap2@1:2.66-4%2Bb1?arch=amd64&distro=debian-12&upstream=libcap2%401:2.66-4",
            ])
        #expect(packages[1].sourcePackage == .init(name: "libcap2", version: "1:2.66-4"))
    }

    /// What moby notes is read back, with the files.
    @Test func recordsOfMoby() throws {
        let hex = String(repeating: "a", count: 64)
        let text = ["a", "b"].map {
            DebianPackages.record(
                control: "Package: \($0)\nVersion: 1\nDepends: c\n", sha256: hex, files: ["usr/bin/\($0)", "etc/x y"])
        }.joined()
        let packages = DebianPackages.packages(text, nil)
        #expect(packages.map(\.name) == ["a", "b"] && packages.allSatisfy { $0.sha256 == hex })
        #expect(DebianPackages.owners(of: "usr/bin/b", in: text) == ["b"])
        #expect(DebianPackages.owners(of: "etc/x y", in: text) == ["a", "b"])
        #expect(DebianPackages.owners(of: "usr/bin", in: text).isEmpty)
        #expect(!text.contains("Depends"))
    }

    @Test func databaseOfApk() {
        let database = """
            C:Q1abc=
            P:busybox
            V:1.36.1-r15
            A:x86_64
            L:GPL-2.0-only
            o:busybox
            F:bin
            R:busybox
            a:0:0:755

            P:musl
            V:1.2.4-r2
            L:MIT
            F:
            R:init
            """
        let packages = AlpinePackages.packages(database, .init(id: "alpine", version: "3.19.0"))
        #expect(packages.map(\.url).first == "pkg:apk/alpine/busybox@1.36.1-r15?arch=x86_64&distro=alpine-3.19.0")
        #expect(packages.map { $0.licence?.text } == ["GPL-2.0-only", "MIT"])
        #expect(AlpinePackages.owners(of: "bin/busybox", in: database) == ["busybox"])
        #expect(AlpinePackages.owners(of: "init", in: database) == ["musl"])
    }

    /// A section as Go's linker writes it.
    private func section(_ modules: String) -> [UInt8] {
        func text(_ bytes: [UInt8]) -> [UInt8] {
            var (length, rest): ([UInt8], Int) = ([], bytes.count)
            repeat {
                length.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
                rest >>= 7
            } while rest > 0
            return length + bytes
        }
        let guarded = [UInt8](repeating: 1, count: 16) + Array(modules.utf8) + [UInt8](repeating: 2, count: 16) + [10]
        let head = [0xff] + Array(" Go buildinf:".utf8) + [8, 2] + [UInt8](repeating: 0, count: 16)
        return head + text(Array("go1.22.1".utf8)) + text(guarded)
    }

    @Test func modulesOfGo() throws {
        let bytes = section(
            "path\texample.com/cmd\nmod\texample.com/cmd\t(devel)\t\ndep\tgolang.org/x/sys\tv0.1.0\th1:a=\n"
                + "dep\told.example/a\tv1.0.0\n=>\tnew.example/a\tv1.0.1\th1:b=\nbuild\t-compiler=gc\n")
        let info = try #require(GoBuildInfo(section: bytes))
        #expect(info.version == "go1.22.1")
        #expect(
            info.modules.map { "\($0.path) \($0.version)" } == [
                "example.com/cmd (devel)", "golang.org/x/sys v0.1.0", "new.example/a v1.0.1",
            ])
    }

    /// No bytes make it read beyond its section.
    @Test func damagedModules() {
        let whole = section("mod\ta\tv1\n")
        for length in 0..<whole.count { _ = GoBuildInfo(section: Array(whole[..<length])) }
        var generator = SeededNumbers(seed: 7)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = GoBuildInfo(section: bytes)
        }
        #expect(GoBuildInfo(section: whole)?.modules.count == 1)
        #expect(GoBuildInfo(section: Array(whole.dropLast())) == nil)
    }

    @Test func programsThatAreNotOfGo() throws {
        var head: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0xff, count: 58)
        #expect(try GoBuildInfo(program: ExtentList([.bytes(head)])) == nil)
        head[0x28..<0x30] = [0, 0, 0, 0, 0, 0, 0, 0]
        #expect(try GoBuildInfo(program: ExtentList([.bytes(head)])) == nil)
        #expect(try GoBuildInfo(program: ExtentList([.bytes(Array("#!/bin/sh\n".utf8))])) == nil)
    }

    /// A linear congruential generator: the same numbers each time.
    private struct SeededNumbers {
        var state: UInt64
        init(seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
