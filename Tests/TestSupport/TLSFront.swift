/// TLS before a server on loopback, with a certificate made for the test. It ends with this value.
public final class TLSFront: Sendable {
    /// `https://localhost:PORT`.
    public let url: String
    /// PEM of the certificate, trusted only by clients that get it.
    public let certificate: String
    private let program: RunningProgram

    /// - Parameters:
    ///   - port: of the server.
    ///   - folder: for certificate and key.
    public init(before port: UInt16, in folder: String) async throws {
        certificate = "\(folder)/tls.crt"
        try await Oracle("openssl")(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", "\(folder)/tls.key", "-out", certificate)
        program = try RunningProgram(
            "python3", ["-c", Self.script, "\(port)", certificate, "\(folder)/tls.key"], folder: folder)
        try program.wait(for: "\n")
        guard let own = UInt16(program.text.prefix { $0 != "\n" }) else {
            throw Oracle.Failure(description: "no port: \(program.text)")
        }
        url = "https://localhost:\(own)"
    }

    /// One thread for each connection; a connection of SSL is not for two threads at once.
    private static let script = """
        import select, socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        listener = socket.create_server(('127.0.0.1', 0))
        print(listener.getsockname()[1], flush=True)

        def serve(client):
            try:
                with context.wrap_socket(client, server_side=True) as tls, \\
                     socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as server:
                    while True:
                        ready = [tls] if tls.pending() else select.select([tls, server], [], [])[0]
                        for source, target in ((tls, server), (server, tls)):
                            if source in ready:
                                data = source.recv(65536)
                                if not data:
                                    return
                                target.sendall(data)
            except OSError:
                pass

        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
