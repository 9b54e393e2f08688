/// The smallest guest: a boot sector that ends QEMU at once.
enum ProbePayload {
    /// `isa-debug-exit` turns a byte v into the exit status 2·v + 1.
    static let success: Int32 = 0x10 << 1 | 1

    /// 512 bytes at 0000:7C00, in real mode. That the firmware has been through protected mode before it is the point:
    /// where KVM does not work, code at the reset vector often still runs.
    static let bootSector: [UInt8] = {
        let code: [UInt8] = [
            0xBA, 0xF4, 0x00,  // mov dx, 0xf4
            0xB0, 0x10,  //       mov al, 0x10
            0xEE,  //             out dx, al
            0xF4,  //             hlt
            0xEB, 0xFD,  //       jmp to the hlt
        ]
        return code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xAA]
    }()

    static func arguments(accelerator: Accelerator, image: String) -> [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc,accel=\(accelerator.rawValue)", "-m",
            "16M",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-drive", "if=ide,format=raw,readonly=off,file=\(image)",
        ]
    }
}
