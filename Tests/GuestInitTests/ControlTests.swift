import Testing

@testable import GuestInit

struct ControlTests {
    @Test(arguments: [
        ControlRequest.list, .start("web"), .stop("web"), .restart("a b"), .logs("web", isFollowing: true),
        .logs("web", isFollowing: false),
        .shutdown(.poweroff), .shutdown(.halt),
    ])
    func requestsSurviveTheSocket(request: ControlRequest) { #expect(ControlRequest(line: request.line) == request) }

    @Test(arguments: ["", "list\tx", "start", "start\ta\tb", "shutdown\tnow", "format\tdisk"])
    func otherLinesAreRefused(line: String) { #expect(ControlRequest(line: line) == nil) }

    @Test(arguments: [
        ("service", [], ControlRequest.list), ("service", ["list"], .list), ("service", ["stop", "web"], .stop("web")),
        ("service", ["logs", "-f", "web"], .logs("web", isFollowing: true)),
        ("service", ["logs", "web"], .logs("web", isFollowing: false)),
        ("service", ["poweroff"], .shutdown(.poweroff)), ("reboot", [], .shutdown(.reboot)),
        ("poweroff", ["-f"], .shutdown(.poweroff)),
        ("service", ["stop"], nil), ("service", ["bogus"], nil), ("service", ["logs", "-x", "web"], nil),
        ("halt", ["now"], nil),
    ])
    func commandLines(command: String, arguments: [String], request: ControlRequest?) {
        #expect(ControlClient.request(command, arguments) == request)
    }

    @Test func repliesAreTakenApartHoweverTheyArrive() {
        let whole = Reply.output("a\nb".utf8) + Reply.error("no") + Reply.exit(3)
        var (buffer, letters, texts): ([UInt8], String, [String]) = ([], "", [])
        for byte in whole {
            buffer.append(byte)
            for chunk in Reply.take(from: &buffer) {
                letters.unicodeScalars.append(Unicode.Scalar(chunk.letter))
                texts.append(String(decoding: chunk.bytes, as: UTF8.self))
            }
        }
        #expect(letters == "oex" && texts == ["a\nb", "no\n", "3"] && buffer.isEmpty)
    }

    @Test func columnsLineUp() {
        #expect(
            TextTable.text([["NAME", "STATE"], ["web", "running"], ["longer", ""]])
                == "NAME    STATE\nweb     running\nlonger  \n")
    }
}
