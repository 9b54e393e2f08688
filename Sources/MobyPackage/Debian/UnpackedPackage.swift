package import Extents

/// A Debian package as an image takes it: its files, and the scripts that dpkg would run.
package struct UnpackedPackage {
    package let name: String
    /// Its files, as an uncompressed tar.
    package let contents: ExtentList
    /// The text of its file `control`.
    package var control = ""
    /// Of the `.deb` file, in hexadecimal.
    package var sha256 = ""
    /// `preinst` and `postinst`, as far as the package has them and they are shell scripts.
    package var scripts: [String] = []
}
