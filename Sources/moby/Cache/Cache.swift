internal import ArgumentParser

struct Cache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after the image store.",
        subcommands: [CacheList.self, CachePull.self, CachePush.self, CacheRemove.self, CachePrune.self, CacheVerify.self])
}
