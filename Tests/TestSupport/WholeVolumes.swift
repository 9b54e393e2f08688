public import DiskImage
public import Extents

extension ISO9660 {
    /// The volume of an intact image.
    public static func read(_ image: ExtentList, limit: Int = 1 << 20) throws -> Volume {
        let (volume, problem) = try salvage(image, limit: limit)
        if let problem { throw problem }
        return volume
    }
}

extension FAT.Reader {
    /// Every file and directory of an intact volume.
    public func entries() throws -> [Entry] {
        var result: [Entry] = []
        try entries(into: &result)
        return result
    }
}
