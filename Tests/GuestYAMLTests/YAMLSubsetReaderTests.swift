import GuestYAML
import TestSupport
import Testing

/// The guest's YAML against libyaml's: what the guest accepts, libyaml reads the same way.
struct YAMLSubsetReaderTests {
    private static func tree(_ node: YAMLNode) -> YAMLTree {
        switch node.content {
        case .scalar(let text, let isPlain): .scalar(text, isPlain: isPlain)
        case .sequence(let items): .sequence(items.map(tree))
        case .mapping(let entries):
            .mapping(entries.map { .init(key: .scalar($0.key, isPlain: true), value: tree($0.value)) })
        }
    }

    /// Keys compare by their text.
    private static func plainKeys(_ tree: YAMLTree) -> YAMLTree {
        switch tree {
        case .scalar: return tree
        case .sequence(let items): return .sequence(items.map(plainKeys))
        case .mapping(let pairs):
            return .mapping(
                pairs.map { pair in
                    guard case .scalar(let text, _) = pair.key else { return .init(key: pair.key, value: pair.value) }
                    return .init(key: .scalar(text, isPlain: true), value: plainKeys(pair.value))
                })
        }
    }

    static let documents = [
        """
        #cloud-config
        # A typical file.
        hostname: web1
        users:
          - default
          - name: ada
            gecos: "Ada \\u00e9 Lovelace"
            groups: [wheel, 'docker']
            sudo: ALL=(ALL) NOPASSWD:ALL
            ssh_authorized_keys:
            - ssh-ed25519 AAAA ada@example # trailing
            - ssh-rsa BBBB
        write_files:
        - path: /etc/motd
          content: |
            Welcome!
              indented

            last
          permissions: '0644'
        - content: >-
            folded
            text

            next
              more
            less
          path: /run/a
        runcmd:
          - echo one
          - [sh, -c, "echo two; exit 0"]
          - - echo
            - three
        """,
        """
        a: plain over
          two lines

          and a blank
        b: 'single ''quoted''
          over lines'
        c: "double \\
            joined\\tx\\x41"
        d: {k: v, "q": [1, 2,
          3], e}
        e: ~
        f:
        g: http://x:80/#frag
        h: [a, b,]
        i:
          - 1
          -
          - k: v
            l: w
        j: -1
        k: a:b
        "l m": n
        o: |2-
            x
           y
        p: |+
          z


        q: done
        """,
        "---\n- a\n-  b\n- - c\n  - d\n...\n", "{\"a\": [true, null, 1.5e3], \"b\":{}}\n", "just text\nfolded\n", "",
        "# nothing\n", "a: |\n\n  x\n \n  y\nb: >+\n\n  x\n\n   y\n\n  z\n\n",
        "- >\n a\n b\n\n c\n  d\n e\n- |-\n  f\n",
        "k: \"a\n  b\n\n  c\"\nl: 'd\n\n  e'\r\n", "a: b\nc: \n- d\n- e\nf: g\n", "? a\n: b\n", "a: &x b\nc: *x\n",
        "a: !!str 1\n",
        "%YAML 1.1\n---\na: b\n", "a: b\n---\nc: d\n", "a: {b: {c: [d, {e: f}]}}\n", "a: [\n  b, # c\n  d\n]\n",
        "a: 'x'\nb: \"y\"\n",
    ]

    private static func compare(_ bytes: [UInt8]) -> (isAccepted: Bool, isPlainYAML: Bool) {
        let other = LibYAML.read(bytes)
        do throws(YAMLError) {
            let own = try YAMLSubsetReader.read(bytes)
            guard let tree = other.tree else {
                Issue.record(
                    "accepted what libyaml refuses: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return (true, false)
            }
            #expect(
                Self.tree(own) == Self.plainKeys(tree), "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            #expect(!other.hasExtras)
            return (true, true)
        } catch {
            return (false, other.tree != nil && !other.hasExtras)
        }
    }

    /// The last ones are outside the subset.
    @Test func readsDocumentsAsLibYAMLDoes() {
        let answers = Self.documents.map { Self.compare(Array($0.utf8)).isAccepted }
        let refused = zip(Self.documents, answers).filter { !$1 }.map { $0.0 }
        #expect(
            refused == [
                "? a\n: b\n", "a: &x b\nc: *x\n", "a: !!str 1\n", "%YAML 1.1\n---\na: b\n", "a: b\n---\nc: d\n",
            ])
    }

    /// Damaged at random: the same tree or an error, and few documents refused that libyaml reads.
    @Test func readsDamagedDocumentsAsLibYAMLDoes() {
        var numbers = Numbers(1103)
        let marks = Array("\n\n  :-#[]{},'\"|>&*!?%@`\t\\a0~\r".utf8)
        var (accepted, refused) = (0, 0)
        for _ in 0..<60_000 {
            var bytes = Array((Self.documents.randomElement(using: &numbers) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...3, using: &numbers) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &numbers)
                let mark = marks[.random(in: 0..<marks.count, using: &numbers)]
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[index] = mark
                case 1: bytes.insert(mark, at: index)
                case 2: bytes.remove(at: index)
                default:
                    let end = min(bytes.count, index + Int.random(in: 1...20, using: &numbers))
                    bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &numbers))
                }
            }
            let answer = Self.compare(bytes)
            if answer.isAccepted { accepted += 1 } else if answer.isPlainYAML { refused += 1 }
        }
        #expect(accepted > 15_000, "accepted \(accepted), refused \(refused)")
        #expect(refused < accepted / 3, "accepted \(accepted), refused \(refused)")
    }

    @Test(arguments: [
        ("a: b\na: c\n", "line 2: duplicate key 'a' (first on line 1)"),
        ("a: b: c\n", "line 1: unexpected ':'; use quotes around a value with ': '"),
        ("a:\n\tb\n", "line 2: tab in the indentation; use spaces"),
        ("a: *x\n", "line 1: aliases are not supported"), ("a: &x 1\n", "line 1: anchors are not supported"),
        ("a: !!binary x\n", "line 1: tags are not supported"), ("a: [b\n", "line 2: a list or mapping without an end"),
        ("a: 'b\n", "line 1: text in quotes without an end"),
        ("a: b\n c: d\n", "line 2: unexpected ':'; use quotes around a value with ': '"),
        ("a:\n  b: c\n d: e\n", "line 3: the indentation matches no line above"),
        ("a: @x\n", "line 1: a value cannot begin with '@'; use quotes"),
        ("a: b\n---\nc: d\n", "line 2: more than one document"),
        ("x: \u{7}\n", "line 1: character U+7"),
    ])
    func explainsErrors(text: String, message: String) {
        #expect(throws: YAMLError.self) { try YAMLSubsetReader.read(Array(text.utf8)) }
        do throws(YAMLError) { _ = try YAMLSubsetReader.read(Array(text.utf8)) } catch {
            #expect(error.description == message)
        }
    }

    @Test func depthAndSizeEnd() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
            (0..<100).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
            String(repeating: "- a\n", count: 200_000), String(repeating: "a", count: (4 << 20) + 1),
        ] {
            #expect(throws: YAMLError.self) { try YAMLSubsetReader.read(Array(text.utf8)) }
        }
        #expect(throws: YAMLError.self) { try YAMLSubsetReader.read([0x61, 0xFF]) }
    }

    @Test func valuesHaveTypes() throws {
        let node = try YAMLSubsetReader.read(Array("a: yes\nb: \"no\"\nc: ~\nd: '~'\ne: 0644\n".utf8))
        #expect(node["a"]?.bool == true && node["b"]?.bool == false && node["e"]?.text == "0644")
        #expect(node["c"]?.isNull == true && node["d"]?.isNull == false && node["d"]?.text == "~" && node["f"] == nil)
    }
}
