import Archive
import Testing

@Suite struct PathPatternTests {
    @Test(arguments: [
        ("usr/share/doc", "usr/share/doc", true),
        ("usr/share/doc", "usr/share/doc/libc6/copyright", true),
        ("usr/share/doc", "usr/share/doc-base", false),
        ("/usr/share/doc", "usr/share/doc/x", true),
        ("usr/share/*/x", "usr/share/a/x", true),
        ("usr/share/*/x", "usr/share/a/b/x", false),
        ("**/*.crt", "a.crt", true),
        ("**/*.crt", "usr/share/a/b.crt", true),
        ("usr/**/b.crt", "usr/b.crt", true),
        ("usr/**", "usr/a", true),
        ("usr/**", "etc/a", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*_params", "fastcgi_params", true),
        ("a*b*c", "aXbXbc", true),
        ("a*b*c", "aXbXbX", false),
        ("a/b", "a", false),
        ("a[b-d]e", "ace", true),
        ("a[b-d]e", "aee", false),
        ("a[b-d]e", "a/e", false),
        ("lib/[!l]*.so", "lib/x.so", true),
        ("lib/[!l]*.so", "lib/lo.so", false),
        ("*[0-9][^x]", "a-1y", true),
        ("*[0-9][^x]", "a-1x", false),
        ("[]a]", "]", true),
        ("[a-]", "-", true),
        ("usr/bin/[", "usr/bin/[", true),
        ("usr/bin/[[", "usr/bin/[[", true),
        ("[a", "a", false),
    ])
    func matches(pattern: String, path: String, expected: Bool) throws {
        #expect(PathPattern(pattern).matches(try #require(TreePath(path.utf8))) == expected)
    }
}
