public import Extents

/// Why a package folder cannot be built.
public enum PackageError: HintedError, CustomStringConvertible, Sendable {
    /// A word of `MOBY_DEBIAN_SNAPSHOT` that is not a URL.
    case snapshot(String)
    /// `build.lock` does not exist.
    case unlocked(String)
    /// `build.lock` does not match the packages in `build.yml`.
    case stale(String, String)
    /// `build.lock` has other architectures only.
    case unlockedArchitecture(String, String, locked: [String])
    case architecture(String, String, [String])
    case notAFolder(String)
    /// The folder has no `build.yml`.
    case noBuildFile(String)
    /// A folder for Docker, perhaps by way of LinuxKit.
    case dockerfile(String, String)

    public var description: String {
        switch self {
        case .snapshot(let word): "\(DebianSnapshot.variable) has '\(PlainText.short(word))', which is not a URL"
        case .unlocked(let folder): "'\(folder)' has Debian packages, but no build.lock"
        case .stale(let folder, _): "'\(folder)/build.lock' does not match the packages in build.yml"
        case .unlockedArchitecture(let folder, let architecture, _):
            "'\(folder)/build.lock' has no packages for \(architecture)"
        case .architecture(let architecture, let image, let arches):
            "'\(image)' cannot be built for \(architecture), only for \(arches.joined(separator: ", "))"
        case .notAFolder(let path): "'\(path)' is not a folder, expected a folder with a build.yml"
        case .noBuildFile(let folder): "'\(folder)' is not a package folder: it has no build.yml"
        case .dockerfile(let folder, let name): "'\(folder)' has a \(name), which moby does not build"
        }
    }

    public var hint: String? {
        switch self {
        case .snapshot: "for example http://HOST/archive/debian/20261101T000000Z"
        case .unlocked(let folder): "run 'moby pkg build \(folder)'"
        case .stale(let folder, let architecture): "run 'moby pkg lock --arch \(architecture) \(folder)'"
        case .unlockedArchitecture(let folder, let architecture, let locked):
            "run 'moby pkg lock --arch \(architecture) \(folder)'; it has packages for \(locked.joined(separator: ", "))"
        case .architecture, .notAFolder: nil
        case .noBuildFile: "docs/packages.md lists its keys; build a folder for Docker with docker or buildah"
        case .dockerfile(let folder, _):
            "build it with docker or buildah ('docker build -t NAME \(folder)', 'docker save -o FILE NAME'), and name it in the spec as "
                + "'docker-archive:FILE', 'oci-archive:FILE' or 'oci:DIR'"
        }
    }
}
