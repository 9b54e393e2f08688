import MobyRun
import Testing

struct OldFlagsTests {
    @Test(arguments: [
        ("run qemu -publish 8080:80 nginx", "run qemu --publish 8080:80 nginx"),
        ("run -cpus=2 -mem 512 nginx", "run --cpus=2 --mem 512 nginx"),
        ("run gcp -project P -zone=z x", "run gcp --project P --zone=z x"),
        ("run --publish 8080:80 nginx", "run --publish 8080:80 nginx"),
        ("run qemu -gui=true -uefi=false -kernel x", "run qemu --gui --kernel x"),
        ("run qemu --kernel=false --iso=T x", "run qemu --iso x"),
        // Short options, numbers, unknown words, a lone dash and paths stay.
        ("build -o out.tar -f qcow2 -v -q -", "build -o out.tar -f qcow2 -v -q -"),
        ("x -1 -0.5 -nonsense --nonsense=1 ---cpus", "x -1 -0.5 -nonsense --nonsense=1 ---cpus"),
        // What follows -- is QEMU's.
        ("run qemu -mem 1 x -- -cpu max -mem 2 -name y", "run qemu --mem 1 x -- -cpu max -mem 2 -name y"),
        // A value may hold an equals sign and dashes.
        ("run -data=a=b-cpus x", "run --data=a=b-cpus x"),
        // 2017.
        ("run qemu -fwpath fw.bin x", "run qemu --fw fw.bin x"),
        ("run qemu -diskpath d.img -disksize 4G x", "run qemu --disk file=d.img,size=4G,format=qcow2 x"),
        ("run qemu -cpus 2 -diskpath=d.img x", "run qemu --disk file=d.img,format=qcow2 --cpus 2 x"),
        ("run -diskpath d.img -disksize 1048577 x", "run --disk file=d.img,size=2M,format=qcow2 x"),
        ("build -name n -pull web.yml", "build --name n --pull web.yml"),
        ("", ""),
    ])
    func normalizes(old: String, new: String) {
        #expect(OldFlags.normalize(old.split(separator: " ").map(String.init)) == new.split(separator: " ").map(String.init))
    }

    @Test func isIdempotent() {
        let once = OldFlags.normalize(["run", "-diskpath", "d", "-cpus=2", "-gui=false", "x", "--", "-mem", "1"])
        #expect(OldFlags.normalize(once) == once)
    }
}
