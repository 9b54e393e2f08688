import Archive
import Extents
import Testing

@testable import MobyBuild

@Suite struct KernelModulesTests {
    /// c needs b, b needs a; d has soft dependencies; e depends on none; z is built in.
    private static let tree: FileTree = {
        var tree = FileTree()
        func put(_ path: String, _ text: String, suffix: String = "") {
            if let path = TreePath("usr/lib/modules/1.2/\(path)".utf8) {
                tree.set(path, FileTree.Node(.regular(ExtentList([.bytes(Array(text.utf8))])), mode: 0o644))
            }
        }
        for folder in [
            TreePath("usr"), TreePath("usr/lib"), TreePath("usr/lib/modules"), TreePath("usr/lib/modules/1.2"),
        ] {
            tree.set(folder, FileTree.Node(.directory, mode: 0o755))
        }
        func module(_ path: String, _ fields: [String]) {
            if let path = TreePath("usr/lib/modules/1.2/\(path)".utf8) {
                tree.set(
                    path, FileTree.Node(.regular(ExtentList([.bytes(ModuleFile.bytes(modinfo: fields))])), mode: 0o644))
            }
        }
        module("kernel/net/a-one.ko", ["depends=", "alias=pci:v00001AF4d00001000sv*sd*bc*sc*i*", "license=GPL"])
        module("kernel/net/b.ko", ["depends=a-one"])
        module("kernel/fs/c.ko", ["alias=fs-c", "depends=b"])
        module("kernel/fs/d.ko", ["depends=", "softdep=pre: e post: missing"])
        module("kernel/drivers/e.ko", ["depends="])
        put("modules.builtin", "kernel/lib/z-lib.ko\n")
        put(
            "modules.order",
            "kernel/net/a-one.ko\nkernel/net/b.ko\nkernel/fs/c.ko\nkernel/fs/d.ko\nkernel/drivers/e.ko\n")
        return tree
    }()

    @Test(arguments: [
        (["c"], ["kernel/fs/c.ko", "kernel/net/a-one.ko", "kernel/net/b.ko"]),
        (["a-one"], ["kernel/net/a-one.ko"]),
        (["a_one"], ["kernel/net/a-one.ko"]),
        (["d"], ["kernel/drivers/e.ko", "kernel/fs/d.ko"]),
        (
            ["kernel/fs/*"],
            ["kernel/drivers/e.ko", "kernel/fs/c.ko", "kernel/fs/d.ko", "kernel/net/a-one.ko", "kernel/net/b.ko"]
        ),
        (["kernel/net/b"], ["kernel/net/a-one.ko", "kernel/net/b.ko"]),
        (["z-lib"], []),
        (["?nothing", "e"], ["kernel/drivers/e.ko"]),
    ])
    func closureHoldsWhatIsNeeded(wanted: [String], paths: [String]) throws {
        #expect(try KernelModules(Self.tree).closure(of: wanted).map(\.path.description) == paths)
    }

    @Test func absentModulesAreThoseThatMayBe() throws {
        let modules = try KernelModules(Self.tree)
        #expect(
            modules.absent(of: ["c", "?nothing", "?a-one", "?z-lib", "?kernel/sound/*"]) == [
                "nothing", "kernel/sound/*",
            ])
    }

    @Test func unknownModulesAreNamedTogether() throws {
        let modules = try KernelModules(Self.tree)
        let error = #expect(throws: KernelModulesError.self) { try modules.closure(of: ["a", "b", "quux", "a-oen"]) }
        #expect(
            error.map(String.init(describing:))
                == "kernel 1.2 has no module 'a' (did you mean 'a_one'?), 'quux', 'a-oen' (did you mean 'a_one'?)")
    }

    @Test func prunedTreeHasIndexesOfItsModules() throws {
        let modules = try KernelModules(Self.tree)
        let tree = try modules.pruned(Self.tree, keeping: try modules.closure(of: ["c"]))
        func text(_ name: String) throws -> String {
            guard let path = TreePath("usr/lib/modules/1.2/\(name)".utf8),
                case .regular(let contents)? = tree[path]?.kind
            else {
                return "none"
            }
            return String(decoding: try ExtentReader.bytes(of: contents), as: UTF8.self)
        }
        #expect(
            try text("modules.dep") == """
                kernel/fs/c.ko: kernel/net/b.ko kernel/net/a-one.ko
                kernel/net/a-one.ko:
                kernel/net/b.ko: kernel/net/a-one.ko

                """)
        #expect(
            try text("modules.alias") == """
                # Aliases extracted from modules themselves.
                alias fs-c c
                alias pci:v00001AF4d00001000sv*sd*bc*sc*i* a_one

                """)
        #expect(try text("modules.order") == "kernel/net/a-one.ko\nkernel/net/b.ko\nkernel/fs/c.ko\n")
        #expect(try text("modules.builtin") == "kernel/lib/z-lib.ko\n")
        #expect(try text("kernel/fs/d.ko") == "none")
    }

    @Test func damagedModuleIsNamed() throws {
        var tree = Self.tree
        let path = TreePath("usr/lib/modules/1.2/kernel/fs/broken.ko")
        tree.set(path, FileTree.Node(.regular(ExtentList([.bytes([0x7f, 0x45])])), mode: 0o644))
        let error = #expect(throws: KernelModulesError.self) { try KernelModules(tree) }
        #expect(
            error.map(String.init(describing:))?.contains(
                "'usr/lib/modules/1.2/kernel/fs/broken.ko' is not a kernel module") == true)
    }
}

@Suite struct ELFTests {
    /// No prefix and no changed byte of a file may do more than give nil.
    @Test func damageIsHarmless() throws {
        let whole = ModuleFile.bytes(modinfo: ["depends=a", "alias=b"])
        for length in 0..<whole.count { _ = ELF(Array(whole.prefix(length)))?.section(".modinfo") }
        for index in whole.indices {
            var bytes = whole
            bytes[index] = 0xff
            let elf = ELF(bytes)
            _ = (elf?.section(".modinfo"), elf?.interpreter, elf?.needed)
        }
        #expect(ELF(whole)?.section(".modinfo").map(Array.init) == Array("depends=a\0alias=b\0".utf8))
    }

    @Test func programSaysWhatItNeeds() throws {
        let elf = try #require(ELF(try ExtentReader.bytes(of: ExtentList(file: "/usr/bin/xz"))))
        #expect(elf.interpreter?.contains("ld-linux") == true)
        #expect(elf.needed.contains("libc.so.6"))
    }
}
