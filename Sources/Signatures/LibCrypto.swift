internal import CCrypto
public import Extents

/// A key, certificate, signature or bundle that cannot be used, and why.
public struct SignatureError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// Calls of OpenSSL's libcrypto that need memory of its own.
enum LibCrypto {
    /// Reads a value from bytes in memory. Errors that libcrypto queued are dropped: what it returns says enough.
    static func read<Value>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Value?) -> Value? {
        defer { ERR_clear_error() }
        // The BIO points into the bytes: all calls must happen while they are valid.
        return bytes.withUnsafeBytes { buffer in
            guard let memory = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
            defer { BIO_free(memory) }
            return body(memory)
        }
    }

    /// Reads a value from its distinguished encoding, which must use up all bytes.
    static func decode<Value>(
        _ bytes: [UInt8], _ body: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Value?
    ) -> (value: Value, isWhole: Bool)? {
        defer { ERR_clear_error() }
        return bytes.withUnsafeBufferPointer { buffer in
            var end = buffer.baseAddress
            guard let value = body(&end, buffer.count) else { return nil }
            return (value, end == buffer.baseAddress.map { $0 + buffer.count })
        }
    }

    /// The distinguished encoding that an `i2d_` function writes.
    static func encode(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, Int(body(nil))))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            _ = body(&end)
        }
        return bytes
    }

    /// For an encrypted key libcrypto would ask for the passphrase on the terminal.
    static let noPassphrase:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            _, _, _, _ in -1
        }
}
