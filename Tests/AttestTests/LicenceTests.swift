import Testing

@testable import Attest

/// Licence expressions of packages.
@Suite struct LicenceTests {
    @Test(arguments: [
        ("GPL-2.0-only", "GPL-2.0-only"), ("MIT AND ISC", "MIT AND ISC"), ("GPL-2.0+", "GPL-2.0-or-later"),
        ("MIT OR Apache-2.0 AND ISC", "MIT OR Apache-2.0 AND ISC"), ("(MIT or zlib) and ISC", "(MIT OR Zlib) AND ISC"),
        ("GPL-3.0-or-later WITH Bison-exception-2.2", "GPL-3.0-or-later WITH Bison-exception-2.2"),
    ])
    func listed(_ text: String, _ expected: String) throws {
        let licence = try #require(LicenceExpression(spdx: text, scope: "Alpine"))
        #expect(licence.text == expected)
        #expect(licence.references.isEmpty)
    }

    /// What SPDX does not list is a reference; what is not an expression is one as a whole.
    @Test(arguments: ["public-domain", "MIT AND", "see the file COPYING (it is long", "AND", "(((((MIT"])
    func unknown(_ text: String) throws {
        let licence = try #require(LicenceExpression(spdx: text, scope: "Alpine"))
        let only = try #require(licence.references.first)
        #expect(licence.text == only.id && licence.references.count == 1)
        #expect(only.name == text)
        #expect(only.id.dropFirst(11).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) })
    }

    @Test func copyrightOfAPackage() throws {
        let licence = try #require(
            DebianCopyright.licence(
                """
                Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
                Upstream-Name: x

                Files: *
                Copyright: 2001 A
                License: GPL-2+ or Artistic

                Files: debian/*
                Copyright: 2002 B
                License: Expat

                Files: lib/c
                Copyright: C
                License: odd, and BSD-3-clause

                License: odd
                 Do what you like.
                 .
                 But be odd.
                """))
        let reference = try #require(licence.references.first)
        #expect(
            licence.text
                == "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND MIT AND (\(reference.id) AND BSD-3-Clause)")
        #expect(reference.text == "Do what you like.\n\nBut be odd.")
    }

    /// Texts for people refer to the licences that all Debian machines have.
    @Test func copyrightForPeople() {
        let folder = "/usr/share/common-licenses"
        let later = "version 2, or (at your option) any later version. See \(folder)/GPL-2. Also `\(folder)/LGPL-2.1'."
        #expect(DebianCopyright.licence(later)?.text == "GPL-2.0-or-later AND LGPL-2.1-or-later")
        #expect(DebianCopyright.licence("Version 2. See \(folder)/GPL-2.")?.text == "GPL-2.0-only")
        #expect(DebianCopyright.licence("Do what you like.") == nil)
    }

    @Test func longTextsAreCut() throws {
        let reference = LicenceExpression.Reference(
            name: "long", text: String(repeating: "word ", count: 2000), scope: "Debian")
        #expect(reference.text.utf8.count < 2100 && reference.text.hasSuffix(" […]"))
    }
}
