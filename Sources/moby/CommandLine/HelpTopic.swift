/// Topics of `moby help`: what several commands have in common, so that none of their helps has room for it.
enum HelpTopic: String, CaseIterable {
    case references
    case variables
    case exitCodes = "exit-codes"
    case environment

    /// One line for the list of topics.
    var summary: String {
        switch self {
        case .references: "How images are named."
        case .variables: "${NAME} in specs, and files that change others."
        case .exitCodes: "What an exit code says."
        case .environment: "The variables of the environment that moby reads."
        }
    }

    /// The text, at most 80 columns wide.
    var text: String {
        switch self {
        case .references: Self.referencesText
        case .variables: Self.variablesText
        case .exitCodes: Self.exitCodesText
        case .environment: Self.environmentText
        }
    }

    /// All topics, as the list of commands has them.
    static var list: String {
        "TOPICS of 'moby help TOPIC':\n"
            + allCases.map { topic in
                "  \(topic.rawValue)\(String(repeating: " ", count: 24 - topic.rawValue.count))\(topic.summary)"
            }.joined(separator: "\n")
    }

    private static let referencesText = """
        Images are named in specs and on the command line as:

          nginx:1.27                 docker.io/library/nginx:1.27, from a registry
          ghcr.io/acme/web@sha256:…  pinned by digest
          localhost:5000/web:2       a registry on this machine
          localhost/moby/NAME:HASH   an image that 'moby pkg build' made
          "@moby:NAME"               a system image of moby ('moby pkg ls'), made or
                                     pulled on first use; with quotes
          "@pkg:FOLDER"              the image of a package folder of yours; with quotes
          oci:DIR[:NAME]             an OCI image layout
          oci-archive:FILE[:NAME]    the same in a tar
          docker-archive:FILE[:NAME] what 'docker save' writes

        Without tag and digest, ':latest' is meant. A path is relative to the working
        directory, that of @pkg: to the spec.

        Page: docs/building.md#images
        """

    private static let variablesText = """
        A spec with a section 'variables' may use them in its values:

          variables: {TAG: "1.27", DOMAIN: }
          services:
            - name: web
              image: nginx:${TAG}
              env: ["DOMAIN=${DOMAIN}", "LEVEL=${LEVEL:-info}"]

          moby build --set DOMAIN=example.org web.yml

        --set NAME=VALUE wins over the environment (only names that --env allows), that
        over --env-file FILE, that over the section. $$ is $. In a file without the
        section, and without these options, ${NAME} is text.

        A later file may change a container of an earlier one:

          services: [{name: web, merge: extend, env: [LEVEL=debug]}]

        'merge: replace' takes its place; 'merge: extend' joins lists and mappings.

        Page: docs/building.md#variables
        """

    private static let exitCodesText = """
          0    done
          1    something failed: a file, the network, a registry, a full disk
          2    the spec, or a variable such as SOURCE_DATE_EPOCH, is wrong
          64   the command line is wrong
          130  interrupted
          141  the reader of standard output went away

          143  ended by SIGTERM, as 128 and the number of any signal

        'moby run' also: 3 an onboot container failed, 4 a service failed, 5 kernel
        panic, 6 the root is incomplete, 124 timed out.

        'moby test': 1 a check failed, 2 a file is wrong, 124 --timeout was reached.

        'moby exec': that of the command; 124 timed out, 125 it could not be started,
        126 it cannot be executed, 127 it was not found.

        'moby lock': 2 an input is not as the lock has it; 1 with --diff, something
        would change. 'moby lint': 2 errors; 1 a file could not be read.

        'moby stop': 1 the machine had to be ended. 'moby doctor': 1 something that a
        build needs is missing.

        Page: docs/exit-codes.md
        """

    private static let environmentText = """
          MOBY_CACHE         folder of the image store (default:
                             $XDG_CACHE_HOME/moby, else ~/.cache/moby)
          MOBY_CACHE_FROM, MOBY_CACHE_TO
                             repositories to share work by, as --cache-from and
                             --cache-to of 'moby build'
          MOBY_PROGRESS      how progress is shown, as --progress
          NO_COLOR           if not empty, no colors
          MOBY_SHARE         folder with pkg/ and kernel/, the definitions of @moby:NAME
          MOBY_PRODUCTS      folder of the guest programs init and metadata
          MOBY_DEBIAN_MIRROR archive of Debian, as http://HOST/debian, which system
                             images are made of; required where apt has none
          MOBY_DEBIAN_SNAPSHOT
                             archives of old Debian packages, which locks pin: URLs
                             with spaces between them
          SOURCE_DATE_EPOCH  time of files on media, in seconds since 1970
          TMPDIR             folder of temporary files (default: /tmp; for disks and
                             tests /var/tmp)
          XDG_RUNTIME_DIR    its folder moby has the machines that run (default:
                             /run/user/UID, else /tmp/moby-UID)
          HTTPS_PROXY, http_proxy, ALL_PROXY, NO_PROXY
                             proxies
          SSL_CERT_FILE      certificates of authorities
          REGISTRY_AUTH_FILE, DOCKER_CONFIG
                             file and folder with credentials of registries
          MOBY_REGISTRIES    file of registries (default: moby/registries.yml in
                             $XDG_CONFIG_HOME or ~/.config, else in /etc)
          CLOUDSDK_*, GOOGLE_APPLICATION_CREDENTIALS
                             Google Cloud
          LINUXKIT_QEMU_ACCEL
                             accelerator of 'moby run qemu' and 'moby test'

        A spec reads the environment only with --env NAME.

        Page: docs/command-line.md
        """
}

/// The discussion in a command's help: what there is to say, then examples and the page with more.
enum HelpText {
    /// - Parameters:
    ///   - text: one paragraph, or nothing.
    ///   - examples: command lines.
    ///   - page: of the documentation, from the root of the repository.
    static func discussion(_ text: String = "", examples: [String], page: String) -> String {
        let title = examples.count == 1 ? "Example:  " : "Examples: "
        let margin = String(repeating: " ", count: title.count)
        let lines = examples.enumerated().map { ($0 == 0 ? title : margin) + $1 }
        return (text.isEmpty ? [] : [text, ""]).joined(separator: "\n") + (text.isEmpty ? "" : "\n")
            + (lines + ["Page:     \(page)"]).joined(separator: "\n")
    }
}
