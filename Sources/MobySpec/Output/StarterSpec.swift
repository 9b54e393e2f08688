internal import MachineModel

/// A commented first spec, for `moby init`.
public struct StarterSpec: Sendable {
    public enum Template: String, CaseIterable, Sendable {
        case minimal, web, ssh, image

        public var summary: String {
            switch self {
            case .minimal: "a shell on the console"
            case .web: "nginx, which serves a page of the spec"
            case .ssh: "a machine to log in to, with your public key"
            case .image: "a container image of your own, named with --image"
            }
        }
    }

    public let template: Template
    /// The name of the build: the file is `NAME.yml`.
    public let name: String
    /// Lines of `authorized_keys`; none when the user has to fill one in.
    public let keys: [String]
    /// The image of the template `image`.
    public let image: String?

    public init(_ template: Template, name: String, keys: [String] = [], image: String? = nil) {
        (self.template, self.name, self.keys, self.image) = (template, name, keys, image)
    }

    /// What is wrong with the name of an image, after its subject; nil for a valid one. `@moby:NAME` is valid.
    public static func error(ofImage name: String) -> String? {
        if let template = PackageTemplate(name), !template.text.isEmpty { return nil }
        return ImageName.check(name).map { "\($0.message)" + ($0.hint.map { "; \($0)" } ?? "") }
    }

    /// What follows `moby run qemu` to boot the build.
    public var runArguments: [String] {
        switch template {
        case .minimal, .image: [name]
        case .web: ["--publish", "8080:80", name]
        case .ssh: ["--publish", "2222:22", name]
        }
    }

    /// What to do when the machine runs.
    public var visit: String {
        switch template {
        case .minimal, .image: "Type 'poweroff' at the machine's shell to end it."
        case .web: "Then open http://127.0.0.1:8080/. Type 'poweroff' at the machine's shell to end it."
        case .ssh: "Then log in: ssh -p 2222 root@127.0.0.1"
        }
    }

    /// The spec, with a line break at its end.
    public var text: String { [head, base, services, files].compactMap(\.self).joined(separator: "\n") }

    private var head: String {
        let title =
            switch template {
            case .minimal: "The smallest useful machine: a shell on the console."
            case .web: "A web server."
            case .ssh: "A machine to log in to."
            case .image: "A machine that runs one container image."
            }
        return """
            # \(title)
            #   moby build \(name).yml
            #   moby run qemu \(runArguments.joined(separator: " "))
            # 'moby lint \(name).yml' reports errors, 'moby schema --markdown' prints all keys, 'moby pkg ls' the images of "@moby:NAME".

            """
    }

    private var base: String {
        """
        # The kernel. The first serial port is the console that 'moby run' shows; without 'quiet', the kernel prints more.
        kernel:
          image: "@moby:kernel"
          cmdline: "console=\(Architecture.host.virtualMachine?.consoles.first ?? "ttyS0") quiet"

        # Nothing can change the root file system while the machine runs; programs write to /var, /run and /tmp.
        readonly: true

        # The root file system: PID 1, the program that starts containers, certificate authorities.
        init:
          - "@moby:init"
          - "@moby:runc"
          - "@moby:ca-certificates"

        # Containers that run at boot, one after the other. This one gets an address.
        onboot:
          - name: dhcpcd
            image: "@moby:dhcpcd"
            command: ["/sbin/dhcpcd", "--nobackground", "-f", "/dhcpcd.conf", "-1"]

        """
    }

    private var services: String {
        let getty = """
            # Containers that run as long as the machine does.
            services:
              # A root shell on the console, without a password. Remove it from machines that others can reach.
              - name: getty
                image: "@moby:getty"
                env:
                  - INSECURE=true

            """
        switch template {
        case .minimal: return getty
        case .web:
            return getty + """
                  # 'binds' show the container files of the machine: MACHINE:CONTAINER:OPTIONS.
                  - name: nginx
                    image: "@moby:nginx"
                    binds.add:
                      - /srv/www:/usr/share/nginx/html:ro

                """
        case .ssh:
            return getty + """
                  - name: sshd
                    image: "@moby:sshd"
                    binds.add:
                      - /root/.ssh:/root/.ssh

                """
        case .image where package != nil:
            return getty + """
                  # The image has settings of its own: 'moby explain \(name).yml \(containerName)' prints them. What is added here replaces them.
                  - name: \(containerName)
                    image: \(Self.quoted(image ?? ""))

                """
        case .image:
            return getty + """
                  # Ports of the container are those of the machine: publish them with 'moby run qemu --publish 8080:PORT'.
                  - name: \(containerName)
                    image: \(Self.quoted(image ?? ""))
                    # What Docker allows by default. Remove what the program does not need.
                    capabilities:
                      [\(Self.capabilities.prefix(7).joined(separator: ", ")),
                      \(Self.capabilities.dropFirst(7).joined(separator: ", "))]
                    # Name servers, which dhcpcd writes.
                    binds.add:
                      - /etc/resolv.conf:/etc/resolv.conf

                """
        }
    }

    private var files: String? {
        switch template {
        case .minimal, .image: return nil
        case .web:
            return """
                # Files of the machine. 'source: FILE' in place of 'contents' copies one.
                files:
                  - path: srv/www/index.html
                    # For all users, since nginx is not root; without it, only root reads a file.
                    mode: "0644"
                    contents: |
                      <!doctype html>
                      <title>\(name)</title>
                      <h1>It works</h1>

                """
        case .ssh:
            let lines = keys.isEmpty ? ["# \(Self.keyHint("here"))"] : keys
            return """
                # Keys that may log in as root, a line each.
                files:
                  - {path: root/.ssh, directory: true, mode: "0700"}
                  - path: root/.ssh/authorized_keys
                    mode: "0600"
                    contents: |
                \(lines.map { "      \($0)\n" }.joined())
                """
        }
    }

    /// What the user has to do without a key.
    /// - Parameter place: where the key belongs, such as `here`.
    public static func keyHint(_ place: String) -> String {
        "put the contents of ~/.ssh/id_ed25519.pub \(place); 'ssh-keygen -t ed25519' makes that file"
    }

    /// Of `@moby:NAME` or `@pkg:FOLDER`, the name or folder.
    private var package: String? { image.flatMap { PackageTemplate($0)?.text } }

    /// A container's name from that of its image: `ghcr.io/acme/web:1` is `web`.
    private var containerName: String {
        let last = (package ?? image ?? "").split(separator: "/").last ?? ""
        let name = last.prefix { $0 != ":" && $0 != "@" }
        return PartName.check(container: String(name)) == nil && name != "getty" ? String(name) : "app"
    }

    /// Those of containers by Docker and containerd.
    private static let capabilities =
        "CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT AUDIT_WRITE"
        .split(separator: " ").map { "CAP_\($0)" }

    /// A YAML scalar in double quotes.
    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
