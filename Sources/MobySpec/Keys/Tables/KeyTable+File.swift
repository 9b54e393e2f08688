extension Codec where Value == FileSpec {
    static var file: Codec {
        let file = object(.file, noun: "file") {
            FileDraft($0)
        } finish: { draft, node, reading in
            draft.finished(node, &reading)
        } from: {
            FileDraft($0)
        }
        let contents = FileDraft.contentKeys.map {
            $0 == "directory"
                ? #"{"required": ["directory"], "properties": {"directory": {"const": true}}}"#
                : "{\"required\": [\"\($0)\"]}"
        }
        return file.shaped(.restricted(file.shape, schema: "{\"oneOf\": [\(contents.joined(separator: ", "))]}"))
    }
}

extension KeyTable where Owner == FileDraft {
    static let file = KeyTable(
        "file",
        "A file, directory or link. It has exactly one of `contents`, `source`, `directory`, `symlink` and `metadata`.",
        [
            Key(
                "path", \.path, .filePath, absent: nil, "Path in the guest; a leading `/` makes no difference.",
                example: "etc/motd",
                since: .always),
            Key(
                "directory", \.directory, .bool, absent: { !$0 }, "Makes an empty directory.", example: "true",
                since: .always),
            Key(
                "symlink", \.symlink, .word, "Makes a symbolic link to this target.",
                example: "/run/resolvconf/resolv.conf",
                alias: ["link"]),
            Key(
                "contents", \.contents, .string, "Text of the file.", example: "\"welcome\\n\"", since: .always,
                alias: ["content", "text", "data"]),
            Key(
                "source", \.source, .word,
                "Path of a file of the build machine, relative to the working directory; `~/` is the home directory.",
                example: "~/.ssh/id_rsa.pub"),
            Key(
                "metadata", \.metadata, .choice(["yaml", "json"]), "Writes the merged spec itself, in this form.",
                example: "yaml"),
            Key(
                "optional", \.optional, .bool, absent: { !$0 }, "Leaves the file out when its `source` does not exist.",
                example: "true"),
            Key(
                "mode", \.mode, Codec<UInt16>.mode,
                "Permission bits, octal, in quotes; a directory's default is `\"0700\"`.",
                example: "\"0644\""
            ).defaulting(to: "\"0600\""),
            Key(
                "uid", \.uid, .identity, "Owner: a number, or the container whose number it has.", example: "1000",
                alias: ["user", "owner"]
            ).defaulting(to: "0"),
            Key(
                "gid", \.gid, .identity, "Group: a number, or the container whose number it has.", example: "1000",
                alias: ["group"]
            ).defaulting(to: "0"),
        ])
}
