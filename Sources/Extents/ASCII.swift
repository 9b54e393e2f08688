/// Classes of ASCII characters.
extension UInt8 {
    public var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
    public var isASCIIUppercase: Bool { (0x41...0x5A).contains(self) }
    public var isASCIILowercase: Bool { (0x61...0x7A).contains(self) }
    public var isASCIILetter: Bool { (self | 0x20).isASCIILowercase }
    /// A digit, or `a` to `f`.
    public var isLowercaseHexDigit: Bool { isASCIIDigit || (0x61...0x66).contains(self) }
}
