public import Extents

/// Why a package folder gives no image.
public enum PackageError: HintedError, CustomStringConvertible, Sendable {
    /// There is no `build.lock`, or it answers another `build.yml`.
    case unlocked(String, stale: Bool)
    case architecture(String, String, [String])

    public var description: String {
        switch self {
        case .unlocked(let folder, let stale):
            stale
                ? "'\(folder)/build.lock' was written for other packages than build.yml names"
                : "'\(folder)' has Debian packages and no build.lock"
        case .architecture(let architecture, let image, let arches):
            "'\(image)' is not built for \(architecture), only for \(arches.joined(separator: ", "))"
        }
    }

    public var hint: String? {
        switch self {
        case .unlocked(let folder, _): "run 'moby pkg build \(folder)'"
        case .architecture: nil
        }
    }
}
