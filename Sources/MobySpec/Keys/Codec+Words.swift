/// Strings and lists with a syntax of their own.
extension Codec where Value == String {
    static var image: Codec { string.checked(ImageName.check).shaped(.string(pattern: ImageName.pattern)) }
    static var containerName: Codec {
        string.checked { PartName.check(container: $0) }.shaped(
            .string(pattern: "^(?!\\.\\.?$)[A-Za-z0-9_+.-]{1,200}$"))
    }
    static var volumeName: Codec {
        string.checked { PartName.check(volume: $0) }.shaped(.string(pattern: "^[a-z0-9_-]{1,200}$"))
    }
    static var filePath: Codec {
        string.checked { GuestPath.check(file: $0) }.shaped(.string(pattern: GuestPath.filePattern))
    }
    static var workingDirectory: Codec {
        string.checked { GuestPath.check(workingDirectory: $0) }.shaped(.string(pattern: "^(/|$)"))
    }
    static var madeDirectory: Codec {
        string.checked { GuestPath.check(directory: $0) }.shaped(.string(pattern: "^\(GuestPath.noParents)."))
    }
    static var absolutePath: Codec { string.checked { GuestPath.check(absolute: $0) }.shaped(.string(pattern: "^/")) }
    static var fileName: Codec {
        string.checked { GuestPath.check(name: $0) }.shaped(.string(pattern: "^(?!\\.\\.?$)[^/]*$"))
    }
    static var commandLine: Codec {
        string.checked(CommandLineText.check).shaped(.string(pattern: "^[^\\u0000-\\u001f\\u007f]*\\n?$"))
    }
    static var capability: Codec {
        string.checked(CapabilityName.check).shaped(.word(CapabilityName.all + CapabilityName.special))
    }
    static var limit: Codec { string.checked(ResourceLimit.check).shaped(.string(pattern: ResourceLimit.pattern)) }
    static var bind: Codec {
        string.mended(BindText.mended).checked(BindText.check).shaped(.string(pattern: "^[^:]+:[^:]+(:[^:]*)?$"))
    }
    static var tmpfs: Codec {
        string.mended(TmpfsText.mended).checked(TmpfsText.check).shaped(.string(pattern: "^[^:]+(:[^:]*)?$"))
    }
    static var platform: Codec {
        string.checked(PlatformText.check).shaped(.string(pattern: "^[a-z0-9_]+/[a-z0-9_]+(/[a-z0-9_]+)?$"))
    }

    static func namespace(_ words: [String] = ["host", "root", "new"]) -> Codec {
        string.checked { NamespaceText.check($0, words: words) }
            .shaped(.string(pattern: "^(\(words.joined(separator: "|"))|/.*)?$"))
    }
}

extension Codec where Value == [String] {
    static var strings: Codec { list(.string) }
    static var command: Codec { list(.string, split: ShellWords.split) }
    static var capabilities: Codec {
        let list = list(.capability).checked { CapabilityName.check(list: $0) }
        let special = CapabilityName.special.map { "\"\($0)\"" }.joined(separator: ", ")
        let rule = "{\"if\": {\"contains\": {\"enum\": [\(special)]}}, \"then\": {\"maxItems\": 1}}"
        return list.shaped(.restricted(list.shape, schema: rule))
    }
}
