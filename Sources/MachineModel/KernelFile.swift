/// What a kernel file is, which decides who can start it.
public enum KernelKind: String, Sendable, Codable, CaseIterable {
    /// Linux for x86 with its own unpacker (kernel documentation, x86/boot).
    case linuxBzImage
    /// Linux for arm64 or RISC-V (kernel documentation, arm64/booting, riscv/boot-image-header).
    case linuxImage
    /// A kernel that a multiboot loader starts (Multiboot specification 0.6.96).
    case multiboot1
    /// An unpacked kernel, such as `vmlinux`.
    case elf
    /// Another EFI executable, such as a compressed Linux for arm64 (`EFI_ZBOOT`).
    case efi

    /// For messages.
    public var text: String {
        switch self {
        case .linuxBzImage: "a Linux bzImage"
        case .linuxImage: "a Linux Image"
        case .multiboot1: "a multiboot kernel"
        case .elf: "an ELF kernel (vmlinux)"
        case .efi: "an EFI executable"
        }
    }

    /// Whether SYSLINUX and ISOLINUX start it, without modules of theirs that moby does not install.
    public var bootsFromBIOS: Bool { self == .linuxBzImage }

    /// Whether firmware, systemd's stub and systemd-boot start it: it has to be an EFI executable itself.
    public var bootsFromUEFI: Bool {
        switch self {
        case .linuxBzImage, .linuxImage, .efi: true
        case .multiboot1, .elf: false
        }
    }
}

/// A kernel, as its first bytes tell.
public struct KernelFile: Sendable, Codable, Equatable {
    public let kind: KernelKind
    /// nil when the bytes do not tell.
    public let architecture: Architecture?

    /// How many bytes from the start are looked at: a multiboot header is among the first 8 KiB.
    public static let headLength = 8192

    /// The header of Linux's set-up code in a bzImage (kernel documentation, x86/boot): magic, at an offset.
    public static let setupMagic = Array("HdrS".utf8)
    public static let setupMagicOffset = 0x202

    public init(_ kind: KernelKind, _ architecture: Architecture?) {
        self.kind = kind
        self.architecture = architecture
    }

    /// Recognizes a kernel.
    /// - Parameter head: the first ``headLength`` bytes, fewer when the file is shorter.
    /// - Returns: nil for anything else, such as a compressed file.
    public init?(head: [UInt8]) {
        func has(_ text: [UInt8], at offset: Int) -> Bool { head.dropFirst(offset).starts(with: text) }
        func u16(_ offset: Int) -> UInt16 {
            head.count >= offset + 2 ? UInt16(head[offset]) | UInt16(head[offset + 1]) << 8 : 0
        }
        let multiboot = stride(from: 0, to: max(head.count - 3, 0), by: 4).contains {
            has([0x02, 0xB0, 0xAD, 0x1B], at: $0)
        }
        if has(Self.setupMagic, at: Self.setupMagicOffset) {
            self.init(.linuxBzImage, .amd64)
        } else if has(Array("ARM\u{64}".utf8), at: 0x38) {
            self.init(.linuxImage, .arm64)
        } else if has(Array("RSC\u{5}".utf8), at: 0x38) {
            self.init(.linuxImage, .riscv64)
        } else if multiboot {
            self.init(.multiboot1, .amd64)
        } else if has([0x7F, 0x45, 0x4C, 0x46], at: 0) {
            let isBigEndian = head.count > 5 && head[5] == 2
            let machine = isBigEndian ? u16(18).byteSwapped : u16(18)
            self.init(.elf, Architecture(elfMachine: Int(machine)))
        } else if has(Array("MZ".utf8), at: 0) {
            let header = Int(u16(0x3C))
            self.init(.efi, has(Array("PE\0\0".utf8), at: header) ? Architecture(peMachine: u16(header + 4)) : nil)
        } else {
            return nil
        }
    }
}
