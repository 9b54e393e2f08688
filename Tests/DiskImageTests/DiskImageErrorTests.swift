import DiskImage
import Testing

struct DiskImageErrorTests {
    @Test func saysWhatItIs() { #expect("\(DiskImageError("too small", hint: "larger"))" == "too small") }
}
