import Extents
import Foundation
import TestSupport

/// A Debian archive in a folder, made by dpkg-deb, that apt uses instead of the machine's.
struct LocalArchive {
    let path: String

    init(_ folder: String) throws {
        path = "\(folder)/archive"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("deb [trusted=yes] file:\(path) ./\n".utf8).write(to: URL(filePath: "\(path)/sources.list"))
        let configuration = "Dir::Etc::sourcelist \"\(path)/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n"
        try Data(configuration.utf8).write(to: URL(filePath: "\(path)/apt.conf"))
    }

    /// What apt needs to see this archive.
    var environment: [String: String] { ["APT_CONFIG": "\(path)/apt.conf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"] }

    /// Builds a package.
    /// - Parameters:
    ///   - compression: `xz`, `zstd`, `gzip` or `none`.
    ///   - scripts: maintainer scripts by name.
    func add(
        _ name: String, version: String, depends: String? = nil, compression: String = "xz", files: [String: String],
        scripts: [String: String] = [:]
    ) throws {
        let root = "\(path)/root-\(name)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: "\(root)/DEBIAN", withIntermediateDirectories: true)
        var control =
            "Package: \(name)\nVersion: \(version)\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: test\n"
        if let depends { control += "Depends: \(depends)\n" }
        try Data(control.utf8).write(to: URL(filePath: "\(root)/DEBIAN/control"))
        for (file, text) in files {
            let url = URL(filePath: "\(root)/\(file)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        for (script, text) in scripts {
            try Data(text.utf8).write(to: URL(filePath: "\(root)/DEBIAN/\(script)"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: "\(root)/DEBIAN/\(script)")
        }
        try Oracle("dpkg-deb").output([
            "--root-owner-group", "-Z\(compression)", "--threads-max=1", "--build", root,
            "\(path)/\(name)_\(version).deb",
        ])
        try FileManager.default.removeItem(atPath: root)
        try index()
    }

    func remove(_ name: String, version: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)_\(version).deb")
        try index()
    }

    private func index() throws {
        var text = ""
        for file in try TestFile.names(in: path) where file.hasSuffix(".deb") {
            let contents = try ExtentList(file: "\(path)/\(file)")
            text += try Oracle("dpkg-deb").output(["--field", "\(path)/\(file)"])
            text +=
                "Filename: ./\(file)\nSize: \(contents.length)\nSHA256: \(try SHA256.hash(ExtentReader.bytes(of: contents)).hex)\n\n"
        }
        try Data(text.utf8).write(to: URL(filePath: "\(path)/Packages"))
    }
}
