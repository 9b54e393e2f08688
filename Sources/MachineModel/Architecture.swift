/// A CPU architecture and everything that depends on it, one row each: its names, its firmware and boot files, its QEMU
/// machine. To add one, add a row to ``all``; nothing else in the sources knows such a name or number.
public struct Architecture: Sendable {
    /// The name in OCI images, which is Go's `GOARCH`: `amd64`.
    public let name: String
    /// The name that Linux and QEMU use, e.g. in uname(1) and `qemu-system-x86_64`.
    public let linuxName: String
    /// The name of Debian's packages (dpkg-architecture(1)).
    public let debianName: String
    /// The part of Debian's multiarch paths (`/usr/lib/x86_64-linux-gnu`).
    public let debianTriplet: String
    /// The variant that an image without one is for (image-spec, image-index.md, platform variants).
    public let usualVariant: String?
    /// The name in Google's Compute API; nil where Google has no such machines.
    public let googleName: String?
    /// Other spellings that ``init(parsing:)`` accepts.
    let aliases: [String]
    /// Values of `e_machine` in the ELF programs that its Linux runs, its own first (elf.h).
    public let elfMachines: [Int]
    /// Whether its machines can boot from a PC BIOS.
    public let hasBIOS: Bool
    /// What its machines need to boot from UEFI; nil where UEFI does not exist.
    public let uefi: UEFI?
    /// The machine that QEMU emulates; nil where `moby run` has none.
    public let virtualMachine: VirtualMachine?

    private init(
        _ name: String, linuxName: String, debianName: String? = nil, debianTriplet: String? = nil,
        usualVariant: String? = nil, googleName: String? = nil, aliases: [String] = [], elfMachines: [Int] = [],
        hasBIOS: Bool = false, uefi: UEFI? = nil, virtualMachine: VirtualMachine? = nil
    ) {
        self.name = name
        self.linuxName = linuxName
        self.debianName = debianName ?? name
        self.debianTriplet = debianTriplet ?? "\(linuxName)-linux-gnu"
        self.usualVariant = usualVariant
        self.googleName = googleName
        self.aliases = aliases
        self.elfMachines = elfMachines
        self.hasBIOS = hasBIOS
        self.uefi = uefi
        self.virtualMachine = virtualMachine
    }
}

// MARK: The table

extension Architecture {
    public static let amd64 = Architecture(
        "amd64", linuxName: "x86_64", usualVariant: "v1", googleName: "X86_64", aliases: ["x86-64", "x64"],
        elfMachines: [62, 3], hasBIOS: true,
        uefi: UEFI(
            name: "x64", peMachine: 0x8664,
            splitFirmware: [
                ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
                ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
                ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
            ],
            wholeFirmware: ["/usr/share/ovmf/bios.bin", "/usr/share/ovmf/OVMF.fd"], debianPackage: "ovmf"),
        // Under emulation a processor costs what it can do: AVX and five levels of page tables made programs a third
        // slower than this one, which has what x86-64-v2 asks for, and rdrand, without which the guest's first random
        // numbers take seconds.
        virtualMachine: VirtualMachine(
            type: "q35", emulatedProcessor: "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand", consoles: ["ttyS0"],
            kernels: [.linuxBzImage, .multiboot1, .elf], debianPackage: "qemu-system-x86", deviceOfTPM: "tpm-tis"))

    public static let arm64 = Architecture(
        "arm64", linuxName: "aarch64", usualVariant: "v8", googleName: "ARM64", elfMachines: [183, 40],
        uefi: UEFI(
            name: "aa64", peMachine: 0xAA64,
            splitFirmware: [("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd")],
            debianPackage: "qemu-efi-aarch64"),
        virtualMachine: VirtualMachine(
            type: "virt,gic-version=max", emulatedProcessor: "max", consoles: ["ttyAMA0"],
            kernels: [.linuxImage, .elf, .efi],
            debianPackage: "qemu-system-arm", deviceOfTPM: "tpm-tis-device"))

    public static let riscv64 = Architecture(
        "riscv64", linuxName: "riscv64", elfMachines: [243],
        uefi: UEFI(name: "riscv64", peMachine: 0x5064, debianPackage: "qemu-efi-riscv64"),
        virtualMachine: VirtualMachine(
            type: "virt", consoles: ["ttyS0"], kernels: [.linuxImage, .elf], debianPackage: "qemu-system-misc"))

    public static let s390x = Architecture(
        "s390x", linuxName: "s390x", elfMachines: [22],
        virtualMachine: VirtualMachine(
            type: "s390-ccw-virtio", consoles: ["ttysclp0", "ttyS0", "sclp0"], kernels: [.elf],
            debianPackage: "qemu-system-misc"))

    /// Every row. Images exist for the last ones, but moby has no machine for them.
    public static let all: [Architecture] = [
        amd64, arm64, riscv64, s390x,
        Architecture(
            "386", linuxName: "i686", debianName: "i386", debianTriplet: "i386-linux-gnu",
            aliases: ["i386", "i486", "i586", "x86"], elfMachines: [3]),
        Architecture(
            "arm", linuxName: "armv7l", debianName: "armhf", debianTriplet: "arm-linux-gnueabihf", usualVariant: "v7",
            aliases: ["armhf", "armel", "armv6l"], elfMachines: [40]),
        Architecture("loong64", linuxName: "loongarch64", elfMachines: [258]),
        Architecture(
            "mips64le", linuxName: "mips64", debianName: "mips64el", debianTriplet: "mips64el-linux-gnuabi64",
            aliases: ["mips64el"]),
        Architecture(
            "ppc64le", linuxName: "ppc64le", debianName: "ppc64el", debianTriplet: "powerpc64le-linux-gnu",
            aliases: ["ppc64el", "powerpc64le"], elfMachines: [21]),
    ]

    /// Those that QEMU has a machine for.
    public static var virtualMachines: [Architecture] { all.filter { $0.virtualMachine != nil } }

    /// The architecture that this program was built for.
    public static var host: Architecture {
        #if arch(arm64)
            .arm64
        #elseif arch(s390x)
            .s390x
        #elseif arch(riscv64)
            .riscv64
        #else
            .amd64
        #endif
    }
}

// MARK: Finding a row

extension Architecture {
    /// Finds an architecture by any of its usual names, in any case.
    /// - Returns: nil for an unknown one.
    public init?(named text: String) {
        let text = text.lowercased()
        guard
            let row = Architecture.all.first(where: {
                $0.name == text || $0.linuxName == text || $0.debianName == text || $0.aliases.contains(text)
            })
        else { return nil }
        self = row
    }

    /// The architecture whose programs have this `e_machine`.
    public init?(elfMachine: Int) {
        guard let row = Architecture.all.first(where: { $0.elfMachines.first == elfMachine }) else { return nil }
        self = row
    }

    /// The architecture of an EFI executable, by the machine in its COFF header.
    public init?(peMachine: UInt16) {
        guard let row = Architecture.all.first(where: { $0.uefi?.peMachine == peMachine }) else { return nil }
        self = row
    }

    /// Reads the value of `--arch`.
    public init(parsing text: String) throws(UnknownArchitecture) {
        guard let row = Architecture(named: text) else { throw UnknownArchitecture(name: text) }
        self = row
    }
}

extension Architecture: Hashable, CustomStringConvertible {
    public static func == (a: Architecture, b: Architecture) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    public var description: String { name }
}

extension Architecture: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// A name that is none of ``Architecture/all``.
public struct UnknownArchitecture: Error, Equatable, Sendable {
    public let name: String
    /// The names to choose from.
    public var expected: [String] { Architecture.all.map(\.name).sorted() }
}

// MARK: Parts of a row

extension Architecture {
    /// Booting from UEFI. File names have the machine's short name in them (UEFI specification, 3.5.1.1).
    public struct UEFI: Sendable {
        /// E.g. `x64`.
        let name: String
        /// The machine in the COFF header of its executables (PE format, machine types).
        public let peMachine: UInt16
        /// Firmware for QEMU, code and the template of the variable store in files of their own; the first pair that
        /// exists is used.
        public internal(set) var splitFirmware: [(code: String, variables: String)] = []
        /// Firmware for QEMU in one file, for hosts without the others.
        public internal(set) var wholeFirmware: [String] = []
        /// The Debian package that has the firmware.
        public let debianPackage: String

        /// The file that firmware starts from a removable disk: `EFI/BOOT/BOOTX64.EFI`.
        public var bootPath: String { "EFI/BOOT/BOOT\(name.uppercased()).EFI" }
        /// systemd's stub for unified kernel images, where Debian's packages have it.
        public var stubPath: String { "usr/lib/systemd/boot/efi/linux\(name).efi.stub" }
        /// systemd-boot.
        public var bootManagerPath: String { "usr/lib/systemd/boot/efi/systemd-boot\(name).efi" }
    }

    /// A machine that QEMU emulates.
    public struct VirtualMachine: Sendable {
        /// The value of `-machine`.
        public let type: String
        /// The value of `-cpu` under emulation; nil for QEMU's default.
        public internal(set) var emulatedProcessor: String?
        /// Linux's names for the serial port that `moby run` shows; the first is the usual one.
        public let consoles: [String]
        /// The recognized kinds of kernel that `-kernel` accepts.
        public let kernels: [KernelKind]
        /// The Debian package that has QEMU for it.
        public let debianPackage: String
        /// QEMU's device for a TPM; nil when there is none.
        public internal(set) var deviceOfTPM: String?
    }
}
