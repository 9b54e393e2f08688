extension OutputFormat {
    /// Every format, in the order of lists. Names and file names are LinuxKit's.
    public static let all: [OutputFormat] = [
        kernelInitrd, tar, tarKernelInitrd,
        OutputFormat(
            "docker", "root as a tar with a Dockerfile", medium: .archive, wrapping: .tar, suffixes: [".docker"], isStreamable: true),
        OutputFormat("kernel+squashfs", "kernel and a squashfs root", medium: .files, suffixes: ["-kernel", "-squashfs.img", "-cmdline"]),
        kernelErofs,
        OutputFormat("kernel+iso", "kernel and an ISO 9660 root", medium: .files, suffixes: ["-kernel", ".iso", "-cmdline"]),
        OutputFormat("iso-bios", "CD image for BIOS", firmware: .bios, medium: .iso, suffixes: [".iso"]),
        OutputFormat("iso-efi", "CD image for UEFI", firmware: .uefi, medium: .iso, suffixes: ["-efi.iso"]),
        OutputFormat("iso-efi-initrd", "CD image for UEFI with an initrd", firmware: .uefi, medium: .iso, suffixes: ["-efi-initrd.iso"]),
        .disk("raw", "disk for BIOS and UEFI", .both, ".img", .raw), .disk("raw-bios", "disk for BIOS", .bios, "-bios.img", .raw),
        .disk("raw-efi", "disk for UEFI", .uefi, "-efi.img", .raw), uki,
        OutputFormat("qcow2-bios", "QEMU disk for BIOS", firmware: .bios, medium: .disk, wrapping: .qcow2, suffixes: [".qcow2"]),
        OutputFormat("qcow2-efi", "QEMU disk for UEFI", firmware: .uefi, medium: .disk, wrapping: .qcow2, suffixes: ["-efi.qcow2"]),
        .disk("aws", "disk for Amazon EC2", .both, ".raw", .raw),
        OutputFormat(
            "gcp", "disk for Google Compute Engine", firmware: .both, medium: .disk, wrapping: .tarGzip, suffixes: [".img.tar.gz"]),
        OutputFormat("vhd", "fixed VHD disk for Azure", firmware: .both, medium: .disk, wrapping: .vhd, suffixes: [".vhd"]),
        OutputFormat("dynamic-vhd", "dynamic VHD disk", firmware: .both, medium: .disk, wrapping: .vhd, suffixes: [".vhd"]),
        OutputFormat("vmdk", "VMware disk", firmware: .both, medium: .disk, wrapping: .vmdk, suffixes: [".vmdk"]),
        OutputFormat("rpi3", "Raspberry Pi 3 boot files", medium: .archive, wrapping: .tar, suffixes: [".tar"]),
    ]

    /// Names of the 2017 `outputs:` section and what they are today.
    static let names2017 = [
        "gcp-img": "gcp", "gcp-storage": "gcp", "qcow": "qcow2-bios", "qcow2": "qcow2-bios", "iso-efi": "iso-efi-initrd",
    ]

    /// The format of a name.
    public static func named(_ name: String) -> OutputFormat? { all.first { $0.name == name } }
}
