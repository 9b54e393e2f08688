internal import FoundationEssentials
internal import Glibc

/// Errors of Foundation in words: the last net below those that name what was being done.
enum FoundationFault {
    /// - Returns: nil for an error that has words of its own.
    static func text(_ error: any Error) -> String? {
        switch error {
        case let error as CocoaError:
            let path = (error.userInfo["NSFilePath"] as? String).map { "'\($0)': " } ?? ""
            guard let cause = error.userInfo["NSUnderlyingError"] as? POSIXError else {
                return "\(path)the file cannot be used"
            }
            return path + String(cString: strerror(cause.code.rawValue))
        case let error as DecodingError: return "a record cannot be read: \(reason(error))"
        default: return nil
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "it has another form"
        }
    }
}
