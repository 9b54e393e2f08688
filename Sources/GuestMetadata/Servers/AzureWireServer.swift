/// Azure's server for the machine's agent ("WireServer"), which waits for a report that the machine is ready; without
/// one Azure counts the creation as failed after 20 minutes.
struct AzureWireServer {
    let server: MetadataServer

    static let client = HTTPClient(
        addresses: NetworkAddress.list("168.63.129.16"),
        headers: [("x-ms-version", "2012-11-30"), ("x-ms-agent-name", "moby")])

    func reportReady() throws(MetadataError) {
        guard let bytes = try server.value("/machine/?comp=goalstate") else {
            throw MetadataError("Azure's wire server has no goal state")
        }
        let state = String(decoding: bytes, as: UTF8.self)
        guard let incarnation = XMLText.element("Incarnation", in: state),
            let container = XMLText.element("ContainerId", in: state),
            let instance = XMLText.element("InstanceId", in: state)
        else {
            throw MetadataError("the goal state of Azure's wire server has no Incarnation, ContainerId or InstanceId")
        }
        let report = """
            <?xml version="1.0" encoding="utf-8"?>
            <Health><GoalStateIncarnation>\(XMLText.escaped(incarnation))</GoalStateIncarnation>\
            <Container><ContainerId>\(XMLText.escaped(container))</ContainerId><RoleInstanceList><Role>\
            <InstanceId>\(XMLText.escaped(instance))</InstanceId><Health><State>Ready</State></Health>\
            </Role></RoleInstanceList></Container></Health>
            """
        let answer = try server.answer(
            MetadataRequest(
                method: "POST", path: "/machine?comp=health",
                headers: [("Content-Type", "text/xml;charset=utf-8")], body: Array(report.utf8)))
        guard answer.status == 200 else {
            throw MetadataError("reporting to Azure that the machine is ready: status \(answer.status)")
        }
    }
}
