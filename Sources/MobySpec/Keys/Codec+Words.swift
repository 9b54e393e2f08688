internal import Extents
internal import OCI

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
}

extension Codec where Value == Platform {
    static var platform: Codec {
        Codec<String>.string.parsed(from: { $0.description }) { text throws(SyntaxError) in
            do throws(ImageError) { return try Platform(text) } catch {
                throw SyntaxError(
                    "is '\(PlainText.short(text))', expected os/arch or os/arch/variant", hint: error.hint)
            }
        }.shaped(.string(pattern: "^[a-z0-9_]+/[a-z0-9_]+(/[a-z0-9_]+)?$"))
    }
}

extension Codec where Value == VolumeDevice {
    static var device: Codec {
        Codec<String>.string.parsed(from: \.text, VolumeDevice.init).shaped(.string(pattern: VolumeDevice.pattern))
    }
}

extension Codec where Value == RLimit {
    static var limit: Codec {
        Codec<String>.string.parsed(from: \.text, RLimit.init).shaped(.string(pattern: RLimit.pattern))
    }
}

extension Codec where Value == Bind {
    static var bind: Codec {
        Codec<String>.string.mended { GuestPath.mended($0, destinationAt: 1) }.parsed(from: \.text, Bind.init)
            .shaped(.string(pattern: "^[^:]+:[^:]+(:[^:]*)?$"))
    }
}

extension Codec where Value == Tmpfs {
    static var tmpfs: Codec {
        Codec<String>.string.mended { GuestPath.mended($0, destinationAt: 0) }.parsed(from: \.text, Tmpfs.init)
            .shaped(.string(pattern: "^[^:]+(:[^:]*)?$"))
    }
}

extension Codec where Value == Int {
    /// A time in seconds, within what the drivers of watchdogs accept.
    static var watchdog: Codec {
        Codec<String>.text.parsed(from: { "\($0)s" }) { text throws(SyntaxError) in
            let time = try TestText.time(text)
            let seconds = Int(time.components.seconds)
            guard (4...600).contains(seconds) else {
                throw SyntaxError("is '\(PlainText.short(text))', expected a time from 4s to 10m")
            }
            return seconds
        }
    }
}

extension Codec where Value == Seccomp {
    static var seccomp: Codec {
        Codec<String>.word.parsed(from: \.text, Seccomp.init).shaped(.string(pattern: Seccomp.pattern))
    }
}

extension Codec where Value == RootSize {
    static var rootSize: Codec {
        Codec<String>.text.parsed(from: \.text, RootSize.init).shaped(
            .either(.integer(4096...Int64.max), .string(pattern: RootSize.pattern)))
    }
}

extension Codec where Value == Namespace {
    static func namespace(_ words: [String] = ["host", "root", "new"]) -> Codec {
        Codec<String>.string.parsed(from: \.text) { text throws(SyntaxError) in
            try Namespace(text, words: words)
        }.shaped(.string(pattern: "^(\(words.joined(separator: "|"))|/.*)?$"))
    }
}

extension Codec where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words that an enumeration has.
    static var choice: Codec {
        let word = Codec<String>.choice(Value.allCases.map(\.rawValue))
        return Codec(word.shape, write: { word.write($0.rawValue) }) { node, reading in
            word.read(node, &reading).flatMap { Value(rawValue: $0) }
        }
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
