internal import BootLayout
public import Extents

/// What boots: the parts that every output format is made of.
public struct BootFiles: Sendable {
    /// The kernel; nil when the spec has none.
    public var kernel: ExtentList?
    /// CPU microcode: an archive that goes before the initrd, or nowhere.
    public var microcode: ExtentList?
    /// The segments one after the other, without the microcode.
    public var initrd: ExtentList
    /// The kernel's command line; empty when there is none.
    public var commandLine: String
    /// Text that is the same exactly when kernel, initrd and command line are: the keys that they were made by.
    var identity: String
    /// The same root as trees with where they come from, for formats that are archives of it.
    var root: [RootPart]
    /// The root for a disk, for each file system that a format of the build has as its ``OutputFormat/rootOnDisk``.
    var diskRoots: [RootFileSystem: DiskRoot] = [:]

    /// Microcode and segments, as the kernel reads them.
    public var wholeInitrd: ExtentList {
        guard let microcode else { return initrd }
        return ExtentList.concatenating([microcode, initrd])
    }

    /// Microcode and the small initrd that mounts a root on a disk.
    func initrd(for root: DiskRoot) -> ExtentList {
        .concatenating([microcode].compactMap(\.self) + root.segments.map(\.bytes))
    }
}

extension ExtentList {
    /// Lists one after the other, each padded with zeros to 4 bytes: between archives of an initrd the kernel wants
    /// just that.
    static func concatenating(_ lists: [ExtentList]) -> ExtentList {
        var result = ExtentList()
        for list in lists {
            for extent in list.extents { result.append(extent) }
            let rest = Int(result.length % 4)
            if rest > 0 { result.append(.bytes([UInt8](repeating: 0, count: 4 - rest))) }
        }
        return result
    }
}
