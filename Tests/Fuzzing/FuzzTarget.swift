/// A parser and how it is fed with untrusted bytes.
public struct FuzzTarget: Sendable {
    public let name: String
    private let read: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, _ read: @escaping @Sendable ([UInt8]) throws -> Void) { (self.name, self.read) = (name, read) }

    /// - Returns: what was wrong with the bytes; nil when nothing was. Anything else, a trap or an endless loop, is a
    ///   error of the parser.
    public func complaint(about bytes: [UInt8]) -> (any Error)? {
        do {
            try read(bytes)
            return nil
        } catch {
            return error
        }
    }

    public static let all = disks + volumes + archives + texts + images + trust

    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
