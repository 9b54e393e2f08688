public import Extents

extension FAT {
    /// A volume as it was laid out.
    public struct Volume: Sendable {
        public internal(set) var content: ExtentList
        public let geometry: Geometry
        /// Where the bytes of each file start, in bytes from the volume's start, by the path as it was given; an empty file has no place.
        public let offsets: [String: UInt64]
    }
}
