import Foundation
import TestSupport
import Testing

@testable import MobyPackage

/// Scripts whose conditions are all known run the same commands as in a shell.
@Suite struct ScriptRunTests {
    private static let scripts: [String] = [
        // Variables, quotes, comments, and a command over several lines.
        "NAME=web; GROUP=\"$NAME-data\"\nadduser --system \\\n  --home '/var/lib/my web' \"$GROUP\" # a user\n",
        "A='x y'\nadduser $A\nadduser \"$A\"\nadduser ${B:-b} \"${B-}\" $B\n",
        // What a first installation does.
        "case \"$1\" in\n configure|reconfigure) adduser a;;\n (abort-*) adduser b;;\n *) adduser c; exit 1;;\nesac\n",
        "if [ \"$1\" = configure ] && [ -z \"$2\" ]; then adduser a; elif true; then adduser b; else adduser c; fi\n",
        "if [ -n \"$2\" ]; then adduser a; else adduser b; fi\n[ \"$1\" = remove ] || adduser c\n",
        "if ! [ \"$1\" = configure ]; then adduser a; fi; ! false && adduser b\n",
        "if [ \"$1\" = a -o \"$1\" = configure ]; then adduser a; fi\n[ \"$1\" = a -a -z \"\" ] && adduser b\ntrue\n",
        // Functions with arguments, and loops.
        "make() { DIR=\"$1\"; [ \"$2\" ] || return 0; mkdir -p ${DIR}; chown \"$2\":adm $DIR; }\nmake /a root\nmake /b\nadduser z\n",
        "f ()\n{\n  local x=$1\n  adduser $x-$#\n}\nfor i in a b 'c d'; do f $i extra; done\n",
        "for i in 1 2; do\n  adduser $i\ndone\nset -e; adduser a; exit 0; adduser never\n",
        // Here-documents and redirections are not commands.
        "adduser a <<EOF\nadduser b\n$1 adduser c\nEOF\nadduser d >/dev/null 2>&1 || true\nadduser e 2>/dev/null\n",
        "adduser a <<-'E'\n\tadduser b\n\tE\nadduser c & wait\n(adduser d; adduser e) && { adduser f; adduser g; }\n",
        "adduser a | adduser b\nadduser 'it''s' \"a\\\"b\" a\\ b ; adduser \"${1}\" \"$@\"\n",
    ]

    @Test(arguments: scripts.indices) func sameCommandsAsAShell(index: Int) throws {
        let script = Self.scripts[index]
        // Each line in one write: both ends of a pipe run at once.
        let stubs = ["adduser", "mkdir", "chown"].map { name in
            "\(name)() { _l=\(name); for _w; do _l=\"$_l|$_w\"; done; printf '%s\\n' \"$_l\" >&9; }\n"
        }
        let expected = try withTemporaryDirectory { directory in
            try Data((stubs.joined() + script).utf8).write(to: URL(filePath: "\(directory)/script"))
            _ = try Oracle("bash").end(["-c", "exec 9>\(directory)/out; sh \(directory)/script configure ''"])
            return try TestFile.text("\(directory)/out").split(separator: "\n").map(String.init)
        }
        var found: [String] = []
        var run = ScriptRun(arguments: ["configure", ""], exists: { _ in false }) { fields in
            guard fields.first != "wait" else { return true }
            found.append(fields.map { $0 ?? "" }.joined(separator: "|"))
            return true
        }
        run.follow(script)
        #expect(!expected.isEmpty)
        #expect(found.sorted() == expected.sorted())
    }

    @Test func bothWaysOfAnUnknownConditionAreFollowed() {
        var found: [String] = []
        var run = ScriptRun(arguments: ["configure"], exists: { $0 == "/etc/there" }) { fields in
            guard fields.first != "ask" else { return nil }
            found.append(fields.map { $0 ?? "?" }.joined(separator: " "))
            return true
        }
        run.follow(
            """
            if ask; then a; exit 0; else b; fi
            ask || c
            X=$(ask); d "$X" "x$X"
            test -e /etc/there || e
            [ -f /etc/none ] || f
            case `ask` in one) g;; *) h;; esac
            """)
        #expect(found == ["a", "b", "c", "d ? ?", "f", "g", "h"])
    }

    /// Nothing that a script has makes the reader wait, or fail.
    @Test func brokenScriptsEnd() {
        let pieces = [
            "if ", "fi\n", "case x in ", "esac", "f() {", "f;", "}", "while true; do ", "done", "\"", "'", "$(", "`",
            "<<E\n", ")", ";;", "&& ", "a b\n", "${", "| ",
        ]
        var random = Numbers(7)
        for _ in 0..<3000 {
            let script = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            var count = 0
            var run = ScriptRun(arguments: [], exists: { _ in false }) { _ in
                count += 1
                return nil
            }
            run.follow(script.joined())
            #expect(count <= 20_000)
        }
    }
}
