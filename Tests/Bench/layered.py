"""Writes an OCI image layout with one image of several layers: half random bytes, half text, always the same.

usage: layered.py FOLDER LAYERS MEGABYTES
"""
import gzip, hashlib, io, json, os, random, sys, tarfile

folder, layers, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
words = [bytes(random.Random(n).choices(b"abcdefghijklmnopqrstuvwxyz", k=2 + n % 9)) for n in range(4096)]


def put(data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{folder}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def layer(number):
    """A tar whose compressed size is about its share of the whole."""
    seeded = random.Random(number)
    share = megabytes * 1_000_000 // layers
    noise = seeded.randbytes(share * 3 // 4)
    text = b" ".join(seeded.choices(words, k=share // 16))
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in ((f"noise{number}", noise), (f"text{number}", text)):
            entry = tarfile.TarInfo(f"data/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    packed = gzip.compress(plain.getvalue(), compresslevel=1, mtime=0)
    return put(packed), "sha256:" + hashlib.sha256(plain.getvalue()).hexdigest()


os.makedirs(f"{folder}/blobs/sha256", exist_ok=True)
made = [layer(number) for number in range(layers)]
kind = "application/vnd.oci.image."
config = put(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [d for _, d in made]}}).encode())
manifest = put(json.dumps({
    "schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": {"mediaType": kind + "config.v1+json", **config},
    "layers": [{"mediaType": kind + "layer.v1.tar+gzip", **blob} for blob, _ in made],
}).encode())
with open(f"{folder}/oci-layout", "w") as file:
    file.write('{"imageLayoutVersion":"1.0.0"}')
with open(f"{folder}/index.json", "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [{"mediaType": kind + "manifest.v1+json", **manifest,
                                                  "annotations": {"org.opencontainers.image.ref.name": "big"}}]}, file)
print(sum(blob["size"] for blob, _ in made))
