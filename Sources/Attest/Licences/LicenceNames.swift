/// Names of licences as SPDX lists them, and the names that Debian has for the same ones.
enum LicenceNames {
    /// The identifier of SPDX's list; nil for a licence that is not in ``listed``.
    static func spdx(_ name: String) -> String? {
        let key = name.lowercased()
        if let known = identifiers[key] ?? debian[key] { return known }
        // `GPL-2+`, `LGPL-2.1`, `GPL-3.0+`, `AGPL-3`, `GFDL-1.3+`.
        let isLater = key.hasSuffix("+")
        let parts = (isLater ? String(key.dropLast()) : key).split(separator: "-")
        guard parts.count == 2, let family = families[String(parts[0])] else { return nil }
        let version = parts[1].contains(".") ? String(parts[1]) : "\(parts[1]).0"
        return identifiers["\(family)-\(version)-\(isLater ? "or-later" : "only")".lowercased()]
    }

    /// The identifier of SPDX's list of exceptions.
    static func exception(_ name: String) -> String? {
        let key = name.lowercased().replacing(" exception", with: "")
        return exceptions[key] ?? exceptions.values.first { $0.lowercased() == name.lowercased() }
    }

    private static let families = ["gpl": "GPL", "lgpl": "LGPL", "agpl": "AGPL", "gfdl": "GFDL"]

    private static let exceptions = [
        "bison": "Bison-exception-2.2", "autoconf": "Autoconf-exception-3.0",
        "libtool": "Libtool-exception", "classpath": "Classpath-exception-2.0", "gcc": "GCC-exception-3.1",
        "llvm": "LLVM-exception", "font": "Font-exception-2.0", "linux-syscall-note": "Linux-syscall-note",
        "u-boot": "u-boot-exception-2.0",
    ]

    /// Names of Debian's copyright format 1.0, section 7.1, and others that its packages use.
    private static let debian = [
        "expat": "MIT", "mit/x11": "MIT", "mit/expat": "MIT", "bsd-2": "BSD-2-Clause", "bsd-2-clauses": "BSD-2-Clause",
        "bsd2": "BSD-2-Clause", "bsd-3": "BSD-3-Clause", "bsd3": "BSD-3-Clause", "bsd-3-clauses": "BSD-3-Clause",
        "bsd-4": "BSD-4-Clause", "bsd-4-clause-uc": "BSD-4-Clause-UC", "artistic": "Artistic-1.0-Perl",
        "artistic-2": "Artistic-2.0", "apache-2": "Apache-2.0", "asl-2.0": "Apache-2.0", "mpl-2": "MPL-2.0",
        "boost-1.0": "BSL-1.0", "cc0": "CC0-1.0", "psf-2": "PSF-2.0", "python-2.0": "Python-2.0", "zlib/libpng": "Zlib",
        "gpl": "GPL-1.0-or-later", "lgpl": "LGPL-2.0-or-later", "gfdl-niv-1.3": "GFDL-1.3-no-invariants-only",
        "gfdl-niv-1.3+": "GFDL-1.3-no-invariants-or-later", "gfdl-niv-1.2+": "GFDL-1.2-no-invariants-or-later",
        "gfdl-niv-1.2": "GFDL-1.2-no-invariants-only", "unicode": "Unicode-DFS-2016", "sil-1.1": "OFL-1.1",
        "gpl-2.0": "GPL-2.0-only", "gpl-3.0": "GPL-3.0-only", "x11": "X11", "wtfpl": "WTFPL", "0bsd": "0BSD",
    ]

    /// Identifiers by their small letters.
    private static let identifiers = Dictionary(
        listed.split(whereSeparator: \.isWhitespace).map { ($0.lowercased(), String($0)) }
    ) { first, _ in first }

    /// A part of SPDX's licence list 3.20: what packages of distributions have. Others become references.
    private static let listed = """
        0BSD AFL-2.0 AFL-2.1 AFL-3.0 AGPL-1.0-only AGPL-1.0-or-later AGPL-3.0-only AGPL-3.0-or-later AML Apache-1.0
        Apache-1.1 Apache-2.0 APSL-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 Beerware BitTorrent-1.1 blessing
        BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-2-Clause-Views BSD-3-Clause
        BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause BSD-4-Clause-UC BSD-Source-Code
        BSL-1.0 BUSL-1.1 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CPL-1.0
        curl ECL-2.0 EFL-2.0 EPL-1.0 EPL-2.0 EUPL-1.2 FSFAP FSFUL FSFULLR FTL GFDL-1.1-only GFDL-1.1-or-later
        GFDL-1.2-invariants-only GFDL-1.2-no-invariants-only GFDL-1.2-no-invariants-or-later GFDL-1.2-only
        GFDL-1.2-or-later GFDL-1.3-no-invariants-only GFDL-1.3-no-invariants-or-later GFDL-1.3-only GFDL-1.3-or-later
        GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND
        HPND-sell-variant IBM-pibs ICU IJG Imlib2 Info-ZIP Intel IPL-1.0 ISC JasPer-2.0 JSON LGPL-2.0-only
        LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later LGPLLR Libpng libpng-2.0
        libtiff LPL-1.02 LPPL-1.3c MirOS MIT MIT-0 MIT-advertising MIT-CMU MIT-feh MITNFA MPL-1.0 MPL-1.1 MPL-2.0
        MS-PL MS-RL NAIST-2003 NCSA Net-SNMP NetCDF NTP OFL-1.0 OFL-1.1 OLDAP-2.8 OML OpenSSL OSL-3.0 PHP-3.01
        Plexus PostgreSQL PSF-2.0 Python-2.0 Qhull QPL-1.0 Rdisc RSA-MD Ruby SGI-B-2.0 Sleepycat SMLNJ SSH-OpenSSH
        SSH-short TCL TCP-wrappers TU-Berlin-2.0 Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C
        WTFPL X11 XFree86-1.1 Xnet xpp zlib-acknowledgement Zlib ZPL-2.1
        """
}
