internal import Extents
internal import Glibc

/// Files of the cache. What is not there, or is not this user's to read, is not in the cache; anything else that goes
/// wrong is an error.
enum CacheFile {
    private static let largest: UInt64 = 256 << 20

    static func extents(_ path: String) throws -> ExtentList? {
        do {
            guard access(path, R_OK) == 0 || errno != EACCES else { return nil }
            return try ExtentList(file: path)
        } catch let error as FileError where [ENOENT, ENOTDIR, EISDIR, EACCES].contains(error.code) { return nil }
    }

    static func read(_ path: String) throws -> [UInt8]? {
        do {
            return try extents(path).map { try ExtentReader.bytes(of: $0, limit: largest) }
        } catch let error as FileError where [ENOENT, EACCES].contains(error.code) {
            return nil
        } catch ExtentError.changed { return nil }
    }
}
