/// Strings and lists with a syntax of their own.
extension Codec where Value == String {
    static var image: Codec { string.checked(ImageName.check).shaped(.string(pattern: ".")) }
    static var containerName: Codec {
        string.checked { PartName.check(container: $0) }.shaped(.string(pattern: "^[A-Za-z0-9_+.-]+$"))
    }
    static var volumeName: Codec { string.checked { PartName.check(volume: $0) }.shaped(.string(pattern: "^[a-z0-9_-]+$")) }
    static var filePath: Codec { string.checked { GuestPath.check(file: $0) }.shaped(.string(pattern: ".")) }
    static var workingDirectory: Codec { string.checked { GuestPath.check(workingDirectory: $0) }.shaped(.string(pattern: "^(/|$)")) }
    static var madeDirectory: Codec { string.checked { GuestPath.check(directory: $0) }.shaped(.string(pattern: ".")) }
    static var absolutePath: Codec { string.checked { GuestPath.check(absolute: $0) }.shaped(.string(pattern: "^/")) }
    static var fileName: Codec { string.checked { GuestPath.check(name: $0) }.shaped(.string(pattern: "^[^/]*$")) }
    static var capability: Codec { string.checked(CapabilityName.check) }
    static var limit: Codec { string.checked(ResourceLimit.check).shaped(.string(pattern: "^[^,]+,[^,]+,[^,]+$")) }
    static var bind: Codec { string.checked(BindText.check).shaped(.string(pattern: "^[^:]+:/[^:]*(:[^:]*)?$")) }
    static var tmpfs: Codec { string.checked(TmpfsText.check).shaped(.string(pattern: "^/[^:]*(:[^:]*)?$")) }
    static var platform: Codec { string.checked(PlatformText.check) }

    static func namespace(_ words: [String] = ["host", "root", "new"]) -> Codec {
        string.checked { NamespaceText.check($0, words: words) }
            .shaped(.string(pattern: "^(\(words.joined(separator: "|"))|/.*)?$"))
    }
}

extension Codec where Value == [String] {
    static var strings: Codec { list(.string) }
    static var capabilities: Codec { list(.capability).checked { CapabilityName.check(list: $0) } }
}
