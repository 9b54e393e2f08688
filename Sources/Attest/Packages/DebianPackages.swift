/// Packages that dpkg installed, or that moby and other tools unpacked and noted: `/var/lib/dpkg/status` and the files
/// of `/var/lib/dpkg/status.d`.
public enum DebianPackages {
    /// The folder in which an image without dpkg has a file of paragraphs, without a leading slash.
    public static let folder = "var/lib/dpkg/status.d"
    /// Whether a path without a leading slash is of a file in ``folder``.
    public static func isRecord(_ path: [UInt8]) -> Bool { path.starts(with: (folder + "/").utf8) }
    /// The field in which moby notes a package's files: a path without a leading slash on each line.
    public static let filesField = "Moby-Files"

    /// Sources of others whose code is in the package (Debian policy, 7.8).
    private static let usedFields = ["Built-Using", "Static-Built-Using"]

    /// What moby writes about a package that it puts into an image.
    /// - Parameters:
    ///   - control: the text of the package's own `control` file.
    ///   - sha256: of the `.deb` file.
    ///   - files: of the package in the image, without a leading slash.
    public static func record(control: String, sha256: String, files: [String]) -> String {
        guard let paragraph = ControlFile(control).paragraphs.first else { return "" }
        let kept = ["Package", "Version", "Architecture", "Source", "Maintainer", "Homepage"] + usedFields
        return paragraph.lines(of: kept) + "Status: install ok installed\nSHA256: \(sha256)\n\(filesField):\n"
            + files.map { " \($0)\n" }.joined() + "\n"
    }

    /// The installed packages of a database.
    public static func packages(_ database: String, _ distribution: SoftwarePackage.Distribution?) -> [SoftwarePackage]
    {
        ControlFile(database).paragraphs.compactMap { package($0, distribution) }
    }

    private static func package(_ paragraph: ControlFile.Paragraph, _ distribution: SoftwarePackage.Distribution?)
        -> SoftwarePackage?
    {
        guard let name = paragraph["Package"], let version = paragraph["Version"] else { return nil }
        // dpkg keeps those that were removed; distroless images have no status.
        if let status = paragraph["Status"], !status.hasSuffix(" installed") { return nil }
        var package = SoftwarePackage(.deb, name: name, version: version)
        package.architecture = paragraph["Architecture"]
        package.distribution = distribution
        package.homepage = paragraph["Homepage"]
        package.sha256 = paragraph["SHA256"].flatMap { $0.utf8.count == 64 ? $0 : nil }
        package.usedSources = usedFields.compactMap { paragraph[$0] }.flatMap(sources)
        package.source = paragraph["Source"].flatMap { source($0, version) }.flatMap {
            $0.name == name && $0.version == version ? nil : $0
        }
        if package.source == nil, case let plain = withoutRebuild(version), plain != version {
            package.source = SoftwarePackage.Source(name: name, version: plain)
        }
        return package
    }

    /// `glibc`, or `glibc (2.36-9)` where the versions differ.
    private static func source(_ text: String, _ version: String) -> SoftwarePackage.Source? {
        let parts = text.split(separator: " ")
        guard let name = parts.first else { return nil }
        let own = parts.dropFirst().first.map { String($0.drop { $0 == "(" }.prefix { $0 != ")" }) }
        return SoftwarePackage.Source(name: String(name), version: own ?? withoutRebuild(version))
    }

    /// `linux (= 6.1.192-3), glibc (= 2.36-9)`.
    private static func sources(_ text: String) -> [SoftwarePackage.Source] {
        text.split(separator: ",").compactMap { entry in
            let words = entry.split { $0.isWhitespace || "()=".contains($0) }
            guard words.count == 2 else { return nil }
            return SoftwarePackage.Source(name: String(words[0]), version: String(words[1]))
        }
    }

    /// A binary rebuild adds `+bN` to the version of its source (Debian developer's reference, 5.10.2.1).
    private static func withoutRebuild(_ version: String) -> String {
        guard let plus = version.lastIndex(of: "+") else { return version }
        let end = version[plus...].dropFirst()
        return end.first == "b" && end.dropFirst().allSatisfy(\.isNumber) && end.count > 1
            ? String(version[..<plus]) : version
    }

    /// The names of packages that moby's notes say own a file.
    /// - Parameter path: without a leading slash.
    public static func owners(of path: String, in database: String) -> [String] {
        ControlFile(database).paragraphs.filter { paragraph in
            paragraph[filesField]?.split(separator: "\n").contains { $0.drop { $0 == " " } == path } == true
        }.compactMap { $0["Package"] }
    }
}

/// Packages that apk installed: `/lib/apk/db/installed` (apk-installed(5)): a letter, a colon and a value on each line.
public enum AlpinePackages {
    public static func packages(_ database: String, _ distribution: SoftwarePackage.Distribution?) -> [SoftwarePackage]
    {
        records(database).compactMap { record in
            guard let name = record["P"], let version = record["V"] else { return nil }
            var package = SoftwarePackage(.apk, name: name, version: version)
            package.architecture = record["A"]
            package.distribution = distribution
            package.homepage = record["U"]
            package.licence = record["L"].flatMap { LicenceExpression(spdx: $0, scope: "Alpine") }
            package.source = record["o"].flatMap {
                $0 == name ? nil : SoftwarePackage.Source(name: $0, version: version)
            }
            return package
        }
    }

    private static func records(_ database: String) -> [[Character: String]] {
        var (records, record): ([[Character: String]], [Character: String]) = ([], [:])
        for line in database.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let key = line.first, line.dropFirst().first == ":" else {
                if line.isEmpty, !record.isEmpty {
                    records.append(record)
                    record = [:]
                }
                continue
            }
            if record[key] == nil { record[key] = String(line.dropFirst(2)) }
        }
        return record.isEmpty ? records : records + [record]
    }

    /// The names of packages that own a file.
    /// - Parameter path: without a leading slash.
    public static func owners(of path: String, in database: String) -> [String] {
        var (name, folder): (Substring, Substring) = ("", "")
        var found: [String] = []
        for line in database.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { (name, folder) = ("", "") }
            let value = line.dropFirst(2)
            switch line.prefix(2) {
            case "P:": name = value
            case "F:": folder = value
            case "R:" where (folder.isEmpty ? value[...] : "\(folder)/\(value)") == path: found.append(String(name))
            default: break
            }
        }
        return found
    }
}

/// `ID` and `VERSION_ID` of `/etc/os-release` (os-release(5)).
extension SoftwarePackage.Distribution {
    public init?(osRelease text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            values[line[..<equals]] = String(line[line.index(after: equals)...].filter { $0 != "\"" && $0 != "'" })
        }
        guard let id = values["ID"], !id.isEmpty else { return nil }
        self.init(id: id, version: values["VERSION_ID"])
    }
}
