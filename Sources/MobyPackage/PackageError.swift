public import Extents

/// Why a package folder gives no image.
public enum PackageError: HintedError, CustomStringConvertible, Sendable {
    /// There is no `build.lock`.
    case unlocked(String)
    /// `build.lock` was written for other packages than `build.yml` names now.
    case stale(String, String)
    /// `build.lock` has nothing for the architecture, but for the others.
    case unlockedArchitecture(String, String, locked: [String])
    case architecture(String, String, [String])
    case notAFolder(String)
    /// The folder has no `build.yml`.
    case noBuildFile(String)
    /// The folder is one that Docker, or LinuxKit with its help, makes an image of.
    case dockerfile(String, String)

    public var description: String {
        switch self {
        case .unlocked(let folder): "'\(folder)' has Debian packages and no build.lock"
        case .stale(let folder, _): "'\(folder)/build.lock' was written for other packages than build.yml names"
        case .unlockedArchitecture(let folder, let architecture, _):
            "'\(folder)/build.lock' has no packages for \(architecture)"
        case .architecture(let architecture, let image, let arches):
            "'\(image)' is not built for \(architecture), only for \(arches.joined(separator: ", "))"
        case .notAFolder(let path): "'\(path)' is not a folder; a package is a folder with a build.yml"
        case .noBuildFile(let folder): "'\(folder)' has no build.yml, which says what the image of a package is made of"
        case .dockerfile(let folder, let name): "'\(folder)' has a \(name), and moby does not build those"
        }
    }

    public var hint: String? {
        switch self {
        case .unlocked(let folder): "run 'moby pkg build \(folder)'"
        case .stale(let folder, let architecture): "run 'moby pkg lock --arch \(architecture) \(folder)'"
        case .unlockedArchitecture(let folder, let architecture, let locked):
            "run 'moby pkg lock --arch \(architecture) \(folder)'; it has packages for \(locked.joined(separator: ", "))"
        case .architecture, .notAFolder: nil
        case .noBuildFile: "docs/packages.md has its keys; a folder for Docker is built with docker or buildah"
        case .dockerfile(let folder, _):
            "build it with docker or buildah ('docker build -t NAME \(folder)', 'docker save -o FILE NAME'), and name it in the spec as "
                + "'docker-archive:FILE', 'oci-archive:FILE' or 'oci:DIR'"
        }
    }
}
