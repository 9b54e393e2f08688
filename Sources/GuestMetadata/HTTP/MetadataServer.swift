internal import Glibc
internal import JSON

/// A metadata server that one provider asks for values, one after the other.
final class MetadataServer {
    private var client: HTTPClient
    /// Of the next answer.
    let deadline: ProviderDeadline

    init(_ client: HTTPClient, until deadline: ProviderDeadline) { (self.client, self.deadline) = (client, deadline) }

    /// Fields of the requests that follow, such as a token.
    func add(header name: String, _ value: String) { client.headers.append((name, value)) }

    /// Asks again while the server is not ready (status 5xx): the machine may have just started.
    func answer(_ request: MetadataRequest) throws(MetadataError) -> HTTPAnswer {
        var answer = try exchange(request)
        while answer.status >= 500, deadline.left > 200 {
            usleep(100_000)
            answer = try exchange(request)
        }
        if answer.status < 500 { deadline.renew() }
        return answer
    }

    private func exchange(_ request: MetadataRequest) throws(MetadataError) -> HTTPAnswer {
        let (answer, address) = try client.send(request, until: deadline)
        client.addresses = [address]
        return answer
    }

    /// A value; nil when the server has none.
    func value(_ path: String, isPrivileged: Bool = false) throws(MetadataError) -> [UInt8]? {
        let answer = try answer(MetadataRequest(path: path, isPrivileged: isPrivileged))
        switch answer.status {
        case 200: return answer.body
        case 204, 404: return nil
        default: throw MetadataError("'\(path)': status \(answer.status), expected 200 or 404")
        }
    }

    /// A short value without white space around it; nil when there is none or it is empty.
    func text(_ path: String) throws(MetadataError) -> String? {
        guard let bytes = try value(path) else { return nil }
        let text = Text.trimmed(bytes)
        return text.isEmpty ? nil : text
    }

    /// A JSON object; nil when the server has no such path.
    func object(_ path: String) throws(MetadataError) -> JSONValue? {
        guard let bytes = try value(path) else { return nil }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw MetadataError("'\(path)': invalid JSON: \(error)")
        }
        return value
    }
}

extension ProviderResult {
    /// What `ask` finds on a cloud's server; when it throws, the machine is not in that cloud.
    init(of cloud: String, _ ask: (inout Finding) throws(MetadataError) -> Void) {
        var finding = Finding(provider: cloud, origin: cloud)
        do throws(MetadataError) {
            try ask(&finding)
            self = .found(finding)
        } catch {
            self = .absent("\(error)")
        }
    }
}

extension Finding {
    /// Runs `body`; what it throws is an error of this finding, which is kept.
    mutating func attempt(_ body: (inout Finding) throws(MetadataError) -> Void) {
        do throws(MetadataError) { try body(&self) } catch { errors.append(error) }
    }

    /// Adds a file of `/run/config` with one line, unless there is no value.
    mutating func add(_ name: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        facts.append(Fact(name: name, text: value))
    }

    /// Adds a file of `/run/config` for each value that the server has.
    /// - Parameter names: of the file, and the path below `base`.
    mutating func add(_ names: [(file: String, path: String)], of server: MetadataServer, below base: String) {
        for (file, path) in names {
            attempt { finding throws(MetadataError) in finding.add(file, try server.text(base + path)) }
        }
    }

    /// Takes user data that the server has below a path.
    mutating func readUserData(_ path: String, of server: MetadataServer, isPrivileged: Bool = false) {
        attempt { finding throws(MetadataError) in
            finding.userData = try server.value(path, isPrivileged: isPrivileged)
        }
    }

    /// Adds lines for `authorized_keys`, each once.
    mutating func add(keys lines: [String]) {
        for line in lines where !line.isEmpty && !line.hasPrefix("#") && !keys.contains(line) { keys.append(line) }
    }
}
