internal import ArgumentParser

struct Cache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after the image store.",
        subcommands: [
            CacheList.self, CachePull.self, CachePush.self, CacheExport.self, CacheImport.self, CacheRemove.self,
            CachePrune.self,
            CacheClean.self, CacheVerify.self,
        ])
}
