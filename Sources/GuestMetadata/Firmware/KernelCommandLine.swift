internal import GuestSystem

/// Metadata in the kernel command line: `moby.userdata=BASE64`, perhaps of gzip, and the words of ``NoCloudSeed``.
struct KernelCommandLine {
    var path = "/proc/cmdline"

    func probe(until deadline: ProviderDeadline) -> ProviderResult {
        guard let text = Files.text(path) else { return .absent("'\(path)' cannot be read") }
        var finding: Finding?
        if let seed = NoCloudSeed(text) { finding = seed.finding(origin: "kernel command line", until: deadline) }
        let mark = "moby.userdata="
        if let word = text.split(whereSeparator: { $0.isWhitespace }).last(where: { $0.hasPrefix(mark) }) {
            var own = Finding(provider: "cmdline", origin: "kernel command line")
            own.attempt { own throws(MetadataError) in
                let bytes = try Base64.decode(String(word.dropFirst(mark.count)), of: mark)
                own.userData = try Gzip.expanded(bytes, of: mark)
            }
            if let seed = finding { own.complete(with: seed) }
            finding = own
        }
        return finding.map { .found($0) } ?? .absent("no word 'moby.userdata=' or 'ds=nocloud'")
    }
}
