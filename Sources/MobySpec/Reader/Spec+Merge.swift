extension Spec {
    /// Takes a later file in: its kernel keys win, its lists come after.
    mutating func merge(_ later: Spec) {
        kernel.image = later.kernel.image ?? kernel.image
        kernel.cmdline = later.kernel.cmdline ?? kernel.cmdline
        kernel.binary = later.kernel.binary ?? kernel.binary
        kernel.tar = later.kernel.tar ?? kernel.tar
        kernel.ucode = later.kernel.ucode ?? kernel.ucode
        kernel.modules = later.kernel.modules ?? kernel.modules
        boot.image = later.boot.image ?? boot.image
        `init` += later.`init`
        onboot += later.onboot
        onshutdown += later.onshutdown
        services += later.services
        volumes += later.volumes
        files += later.files
        trust =
            trust.map { earlier in
                var both = earlier
                both.images = joined(earlier.images, later.trust?.images)
                both.organizations = joined(earlier.organizations, later.trust?.organizations)
                return both
            } ?? later.trust
        outputs += later.outputs
    }

    private func joined(_ earlier: [String]?, _ later: [String]?) -> [String]? {
        earlier == nil && later == nil ? nil : (earlier ?? []) + (later ?? [])
    }
}
