import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// Which providers are asked, and how their answers are put together.
struct ProviderTests {
    private static let local: [Provider] = [.commandLine, .firmwareTables, .firmwareConfig, .disk]

    @Test func readsNames() throws {
        let machine = MachineIdentity(vendor: "QEMU")
        #expect(
            try Provider.all([], on: machine) == Self.local + [
                .google, .azure, .digitalOcean, .hetzner, .vultr, .scaleway, .oracle, .openStack, .amazon,
            ])
        #expect(try Provider.all(["gcp", "file=/a=b", "cdrom"], on: machine) == [.google, .file("/a=b"), .disk])
        #expect(try Provider.all(["aws"], on: machine) == [.amazon])
        #expect(throws: MetadataError.self) { try Provider.all(["ibm"], on: machine) }
        #expect(throws: MetadataError.self) { try Provider.all(["file="], on: machine) }
        for word in ["cmdline", "smbios", "fwcfg", "vmware", "equinixmetal", "exoscale", "file=x"] {
            #expect(try Provider(parsing: word).description == word)
        }
    }

    @Test(arguments: [
        (MachineIdentity(vendor: "Amazon EC2"), Provider.amazon),
        (MachineIdentity(vendor: "Xen", product: "HVM domU", firmwareVersion: "4.11.amazon"), .amazon),
        (MachineIdentity(vendor: "Google", product: "Google Compute Engine"), .google),
        (
            MachineIdentity(
                vendor: "Microsoft Corporation", product: "Virtual Machine",
                assetTag: "7783-7084-3265-9085-8269-3286-77"), .azure
        ), (MachineIdentity(vendor: "OpenStack Foundation", product: "OpenStack Nova"), .openStack),
        (MachineIdentity(vendor: "Hetzner", product: "vServer"), .hetzner),
        (MachineIdentity(vendor: "Scaleway", product: "SCW-DEV1-S"), .scaleway),
        (MachineIdentity(vendor: "Vultr"), .vultr), (MachineIdentity(vendor: "DigitalOcean"), .digitalOcean),
        (MachineIdentity(vendor: "Exoscale", product: "Exoscale Compute Platform"), .exoscale),
        (MachineIdentity(vendor: "QEMU", assetTag: "OracleCloud.com"), .oracle),
        (MachineIdentity(vendor: "VMware, Inc.", product: "VMware7,1"), .vmware),
        (MachineIdentity(vendor: "QEMU", product: "Standard PC"), nil),
        (MachineIdentity(vendor: "Microsoft Corporation", product: "Virtual Machine"), nil), (MachineIdentity(), nil),
    ])
    func theFirmwareNamesTheCloud(machine: MachineIdentity, cloud: Provider?) throws {
        #expect(machine.cloud == cloud)
        if let cloud { #expect(try Provider.all([], on: machine) == Self.local + [cloud]) }
    }

    @Test func readsTheFirmware() async throws {
        try await withTemporaryDirectory { folder in
            for (name, text) in [("sys_vendor", "Hetzner\n"), ("product_serial", "1 \n")] {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            let machine = MachineIdentity.read(folder)
            #expect(machine.vendor == "Hetzner" && machine.serial == "1" && machine.product.isEmpty)
            #expect(MachineIdentity.read("/nonexistent").cloud == nil)
        }
    }

    private static func finding(_ name: String, host: String? = nil, data: String? = nil) -> ProviderResult {
        .found(Finding(provider: name, origin: name, hostname: host, userData: data.map { Array($0.utf8) }))
    }

    private static func answers(_ results: [ProviderResult?]) -> ProviderAnswers {
        ProviderAnswers(providers: [.commandLine, .disk, .google, .amazon], results: results)
    }

    @Test func localProvidersCompleteEachOther() {
        let both = Self.answers([
            Self.finding("a", host: "web1"), Self.finding("b", host: "web2", data: "u"), nil, nil,
        ])
        #expect(both.isDecided)
        #expect(both.finding?.hostname == "web1" && both.finding?.userText == "u" && both.finding?.provider == "b")
    }

    @Test func serversAreAskedWhenNothingIsLocal() {
        let absent = ProviderResult.absent("x")
        #expect(!Self.answers([absent, nil, Self.finding("g"), nil]).isDecided)
        let google = Self.answers([absent, absent, Self.finding("g"), nil])
        #expect(google.isDecided && google.finding?.provider == "g")
        let amazon = Self.answers([absent, absent, nil, Self.finding("a")])
        #expect(!amazon.isDecided && amazon.finding?.provider == "a")
        #expect(Self.answers([absent, absent, absent, absent]).isDecided)
        #expect(Self.answers([absent, absent, absent, absent]).finding == nil)
        let second = Self.answers([absent, absent, Self.finding("g", host: "x"), Self.finding("a", data: "u")])
        #expect(second.finding?.provider == "g" && second.finding?.userData == nil)
    }

    @Test func reasonsAreGiven() {
        #expect(
            Self.answers([.absent("x"), nil, .absent("x"), .absent("y")]).reasons
                == ["cmdline, gcp: x", "cdrom: no answer", "aws: y"])
    }

    /// `gcp cdrom`: the server first.
    @Test func theOrderOfTheCommandCounts() {
        let answers = ProviderAnswers(
            providers: [.google, .disk], results: [Self.finding("g"), Self.finding("d", data: "u")])
        #expect(answers.isDecided && answers.finding?.provider == "g" && answers.finding?.userData == nil)
    }
}
