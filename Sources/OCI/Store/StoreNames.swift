internal import Extents

/// Which entries of a store are moby's own: others are never touched.
enum StoreNames {
    /// Files at the top. ``StoreFolder/markName`` goes last.
    static let files = ["oci-layout", "index.json"]
    /// Folders with files of moby's naming.
    static let folders = ["blobs/sha256", "layers", "segments", "tmp", "refs", "debs", early]
    /// Roots of apt, one for each architecture.
    static let apt = "apt"
    /// Folders of `debs` in which packages arrive.
    static let download = "download-"
    private static let aptEntries: Set = [
        "apt.conf", "cache", "lists", "lock", "log", "sources", "status", "updated",
    ]
    /// What `moby run` found out about accelerators, perhaps before the store exists.
    static let early = "accelerator"

    /// Whether an entry at the top is moby's.
    static func isOwn(top name: String) -> Bool {
        files.contains(name) || folders.contains(name) || name == "blobs" || name == apt
            || name.hasPrefix(StoreFolder.markName)
            || isWork(name)
    }

    /// Whether an entry of one of ``folders`` is moby's.
    static func isOwn(_ name: String, in folder: String) -> Bool {
        switch folder {
        case "blobs/sha256": isDigest(name[...])
        case "layers": isDigest(name.prefix(64)) && ["", ContentStore.sizeSuffix].contains(String(name.dropFirst(64)))
        case "segments": isDigest(name.prefix(64)) && (name.utf8.count == 64 || name.dropFirst(64).hasPrefix("."))
        case "debs":
            name.hasPrefix(download)
                || isDigest(name.prefix(64)) && [".deb", ".tar", ".lock"].contains { name.dropFirst(64).hasPrefix($0) }
        case "tmp": writer(of: name) != nil || ContentStore.isPartialBlob(name)
        // Every name has a '/' or a ':', both of which are encoded.
        case "refs": !name.hasPrefix(".") && name.contains("%") && name.utf8.allSatisfy(isReferenceByte)
        case early: name.utf8.count == 16 && name.utf8.allSatisfy(isHex)
        default: folder.hasPrefix(apt + "/") && aptEntries.contains(name)
        }
    }

    /// Whether a folder has entries of moby's and perhaps others.
    static func isShared(_ path: String) -> Bool {
        folders.contains(path) || path == "blobs" || path == apt
            || path.hasPrefix(apt + "/") && path.split(separator: "/").count == 2
    }

    /// The process that wrote a file or folder of `tmp/`, which is called `PID-RANDOM`: 64 random bits in base 36.
    static func writer(of name: String) -> Int32? {
        let parts = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let process = Int32(parts[0]), process > 0, (8...13).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ $0.isASCIIDigit || $0.isASCIILowercase })
        else { return nil }
        return process
    }

    /// Folders that builders of packages once made at the top.
    static func isWork(_ name: String) -> Bool { name.hasPrefix("work-") && name.utf8.count == 41 }

    private static func isDigest(_ text: Substring) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy(isHex)
    }

    private static func isHex(_ byte: UInt8) -> Bool { byte.isLowercaseHexDigit }

    private static func isReferenceByte(_ byte: UInt8) -> Bool {
        byte.isASCIIDigit || byte.isASCIILetter || "._-%~".utf8.contains(byte)
    }
}
