import Archive
import Extents
import Foundation
import TestSupport
import Testing

/// Our flattening against what `umoci` makes of the same random layers.
@Suite struct UmociTests {
    @Test(arguments: 0..<30)
    func flattensAsUmociUnpacks(group: UInt64) throws {
        var unpacked = 0
        for seed in group * 10..<group * 10 + 10 {
            var image = RandomImage(seed: seed)
            let layers = try image.layers()
            try withTemporaryDirectory { folder in
                try layout(layers, "\(folder)/layout")
                let script = "umask 22; umoci raw unpack --rootless --image '\(folder)/layout:x' '\(folder)/root'"
                let theirs = try run("sh", "-c", script)
                let ours = Result { try FileTree.flatten(layers: layers) }
                switch ours {
                case .success(let tree):
                    unpacked += 1
                    #expect(theirs.status == 0, "seed \(seed): \(String(decoding: theirs.errors, as: UTF8.self))")
                    if theirs.status != 0 { return }
                    let (a, b) = (try listing(tree, bare: true), try listing(folder: "\(folder)/root"))
                    #expect(a == b, "seed \(seed)")
                case .failure(let error):
                    #expect(error is LayerError)
                    #expect(theirs.status != 0, "seed \(seed): \(error)")
                }
            }
        }
        // Most must get that far, else little is compared.
        #expect(unpacked >= 4)
    }

    /// Writes an OCI image layout with one image, tagged `x`.
    private func layout(_ layers: [ExtentList], _ folder: String) throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/blobs/sha256", withIntermediateDirectories: true)
        func blob(_ bytes: [UInt8], _ type: String) throws -> String {
            let digest = SHA256.hash(bytes)
            try put(bytes, "\(folder)/blobs/sha256/\(digest)")
            return
                #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"sha256:\#(digest)","size":\#(bytes.count)}"#
        }
        let blobs = try layers.map { try ExtentReader.bytes(of: $0) }
        let descriptors = try blobs.map { try blob($0, "layer.v1.tar") }.joined(separator: ",")
        let differences = blobs.map { #""sha256:\#(SHA256.hash($0))""# }.joined(separator: ",")
        let config =
            #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(differences)]}}"#
        let manifest =
            #"{"schemaVersion":2,"config":\#(try blob(Array(config.utf8), "config.v1+json")),"layers":[\#(descriptors)]}"#
        let descriptor = try blob(Array(manifest.utf8), "manifest.v1+json").dropLast()
        let annotations = #""annotations":{"org.opencontainers.image.ref.name":"x"}"#
        try put(
            Array(#"{"schemaVersion":2,"manifests":[\#(descriptor),\#(annotations)}]}"#.utf8), "\(folder)/index.json")
        try put(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), "\(folder)/oci-layout")
    }
}
