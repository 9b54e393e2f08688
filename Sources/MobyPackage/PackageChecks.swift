internal import Extents
internal import Glibc
public import MobyBuild

/// What this host needs to make packages, for `moby doctor`.
public enum PackageChecks {
    /// The installation's definitions and guest programs, and apt. None of it is needed once the store has the images.
    /// - Parameter environment: `PATH`, and the variable that names an archive of Debian.
    public static func all(
        _ installation: Installation, _ builder: PackageBuilder, environment: [String: String]
    ) async -> [HostCheck] {
        let images: [SystemImage]
        do { images = try installation.images(of: builder) } catch {
            return [
                HostCheck("system images", .missing, error, isRequired: true), products(installation),
                await apt(installation, environment, isRequired: false),
            ]
        }
        let available = images.filter { $0.digest != nil }.count
        let absent = images.filter { $0.reference != nil && $0.digest == nil && $0.source == nil }
        let share = PlainText.short(installation.share ?? "")
        let found = HostCheck(
            "system images", images.isEmpty ? .missing : .ok,
            "\(images.count) in '\(share)', \(available) of them in the store", isRequired: true)
        return [found, products(installation), await apt(installation, environment, isRequired: !absent.isEmpty)]
    }

    private static func products(_ installation: Installation) -> HostCheck {
        let folder = PlainText.short(installation.products)
        let missing = ["init", "metadata"].filter { access("\(installation.products)/\($0)", R_OK) != 0 }
        guard !missing.isEmpty else {
            return HostCheck("guest programs", .ok, "init and metadata in '\(folder)'", isRequired: true)
        }
        return HostCheck(
            "guest programs", .missing, "'\(folder)' has no \(missing.joined(separator: " and no "))",
            hint: "install moby with its folder lib/moby, or name a folder in MOBY_PRODUCTS", isRequired: true)
    }

    private static func apt(
        _ installation: Installation, _ environment: [String: String], isRequired: Bool
    ) async -> HostCheck {
        let path = environment["PATH"] ?? ""
        let missing = ["apt-get", "apt-cache", "env"].filter { HostFiles.program($0, path: path) == nil }
        guard missing.isEmpty else {
            return HostCheck(
                "apt", .missing,
                "no \(missing.joined(separator: ", ")) in PATH, which make system images from Debian packages",
                hint: "install apt, or let images.json of the installation name a registry", isRequired: isRequired)
        }
        guard !OrphanGuard.command.isEmpty else {
            return HostCheck(
                "apt", .warning, "apt-get and apt-cache; without setpriv, apt-get may outlive moby",
                hint: "apt-get install util-linux", isRequired: isRequired)
        }
        do {
            // On the release of Debian that the images are made of, apt's own sources are used as they are.
            guard try installation.aptSources() != nil else {
                return HostCheck("apt", .ok, "apt-get and apt-cache", isRequired: isRequired)
            }
            let archive = PlainText.short(try await AptRoot.mirror(environment, in: "/").archive)
            return HostCheck(
                "apt", .ok, "apt-get and apt-cache, Debian packages from '\(archive)'", isRequired: isRequired)
        } catch { return HostCheck("apt", .missing, error, isRequired: isRequired) }
    }
}
