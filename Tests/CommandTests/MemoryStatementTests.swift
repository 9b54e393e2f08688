import Foundation
import TestSupport
import Testing

/// What a build says of the memory that a machine needs, for an image of 1.5 GiB.
struct MemoryStatementTests {
    private struct Summary: Decodable {
        let minMemoryMiB: Int
        let unpacked: UInt64
    }

    /// An OCI layout with one layer: a file with some noise and then zeros, which compress well but no more than is
    /// allowed.
    private func layout(in folder: String) async throws {
        let script = """
            set -e
            mkdir -p root blobs/sha256
            perl -e "srand 1; print pack q(L*), map { rand 2**32 } 1 .. 750000" > root/big
            truncate -s 1536M root/big
            tar --format=pax --sort=name --owner=0 --group=0 --numeric-owner -C root -cf layer.tar .
            diff=$(sha256sum < layer.tar | cut -c-64)
            zstd -q -1 -f layer.tar -o layer
            rm layer.tar
            put() { sum=$(sha256sum < "$1" | cut -c-64); size=$(stat -c %s "$1"); mv "$1" blobs/sha256/$sum; }
            put layer; layer="\\"digest\\":\\"sha256:$sum\\",\\"size\\":$size"
            printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/big"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' $diff > c
            put c; config="\\"digest\\":\\"sha256:$sum\\",\\"size\\":$size"
            printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"%s",%s}]}' \\
                application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$config" \\
                application/vnd.oci.image.layer.v1.tar+zstd "$layer" > m
            put m
            printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s,"platform":%s}]}' \\
                application/vnd.oci.image.manifest.v1+json $sum $size '{"architecture":"amd64","os":"linux"}' > index.json
            printf '{"imageLayoutVersion":"1.0.0"}' > oci-layout
            """
        let ended = try EndedProcess("/bin/sh", ["-c", script], folder: folder, environment: [:])
        guard ended.status == 0 else { throw FormatPropertiesTests.Problem(description: ended.complaint) }
    }

    @Test(.timeLimit(.minutes(5))) func aLargeImageSaysWhatItNeeds() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: folder + "/layout", withIntermediateDirectories: true)
            try await layout(in: folder + "/layout")
            let spec = """
                kernel: {image: "@pkg:\(Program.root)/kernel"}
                init: ["@pkg:\(Program.root)/pkg/init", "@pkg:\(Program.root)/pkg/runc"]
                services: [{name: big, image: "oci:\(folder)/layout"}]
                """
            try spec.write(toFile: folder + "/big.yml", atomically: true, encoding: .utf8)
            func build(_ format: String) throws -> (Program.Result, Summary?) {
                let result = try Program.run(
                    ["build", "--dir", folder, "--format", format, folder + "/big.yml"])
                let json = FileManager.default.contents(atPath: folder + "/big-build.json")
                return (result, try json.map { try JSONDecoder().decode(Summary.self, from: $0) })
            }
            // Twice the unpacked root, the initrd, and what any machine takes.
            let (initrd, summary) = try build("kernel+initrd")
            #expect(initrd.status == 0, "\(initrd.error)")
            let need = try #require(summary).minMemoryMiB
            #expect(need > 2 * 1536 && need < 2 * 1536 + 256, "\(need)")
            #expect(initrd.error.contains(" GB unpacked, needs at least \(need) MiB of memory"), "\(initrd.error)")
            #expect(initrd.error.contains("kernel+erofs"), "\(initrd.error)")
            let (disk, small) = try build("kernel+erofs")
            #expect(disk.status == 0, "\(disk.error)")
            #expect(try #require(small).minMemoryMiB < 256)
            #expect(!disk.error.contains("hint"), "\(disk.error)")
        }
    }

    @Test func aLimitForLayersIsHeld() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: folder + "/layout", withIntermediateDirectories: true)
            try await layout(in: folder + "/layout")
            try "services: [{name: big, image: \"oci:\(folder)/layout\"}]".write(
                toFile: folder + "/big.yml", atomically: true, encoding: .utf8)
            let result = try Program.run([
                "build", "--cache", folder + "/cache", "--dir", folder, "--format", "tar", "--layer-limit", "512M",
                folder + "/big.yml",
            ])
            #expect(result.status == 1)
            #expect(result.error.contains("unpacks to more than 536870912 bytes"), "\(result.error)")
            #expect(
                result.error.contains("hint: raise the limit with --layer-limit"),
                "\(result.error)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/big.tar"))
        }
    }
}
