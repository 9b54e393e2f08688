import Testing

@testable import GuestMetadata

struct HTTPAnswerTests {
    private static func read(_ text: String, isEnd: Bool = false) throws(MetadataError) -> HTTPAnswer? {
        try HTTPAnswer.read(Array(text.utf8), isEnd: isEnd)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 200\r\nX:y\r\nCONTENT-LENGTH:  2 \r\n\r\nabc", "ab"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde"),
    ])
    func readsWholeAnswers(text: String, body: String) throws {
        let answer = try #require(try Self.read(text))
        #expect(answer.status == 200)
        #expect(answer.body == Array(body.utf8))
        // Every shorter text is not whole yet, or ends inside what is not needed.
        for count in 0..<text.utf8.count {
            let part = try HTTPAnswer.read(Array(text.utf8.prefix(count)), isEnd: false)
            #expect(part == nil || part?.body == answer.body)
        }
    }

    @Test func bodyUpToTheEnd() throws {
        let text = "HTTP/1.0 404 No\r\nA: b\r\n\r\nwhatever"
        #expect(try Self.read(text) == nil)
        #expect(
            try Self.read(text, isEnd: true)
                == HTTPAnswer(status: 404, headers: ["a": "b"], body: Array("whatever".utf8)))
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ])
    func refusesOthers(text: String) { #expect(throws: MetadataError.self) { try Self.read(text, isEnd: true) } }

    @Test func aHeadWithoutEndIsRefused() {
        #expect(throws: MetadataError.self) {
            try Self.read("HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 20_000))
        }
    }
}
