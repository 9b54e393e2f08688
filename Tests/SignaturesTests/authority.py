#!/usr/bin/env python3
"""authority.py FOLDER [IMAGE-DIGEST]: a certificate authority, a transparency log and a time stamp authority of our own, what they sign,
and what sigstore's own verifier says of each bundle: verdicts.json. Keys and signatures are the same each time."""

import base64
import copy
import datetime
import hashlib
import json
import pathlib
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SIGNED_AT = 1_750_000_000
ISSUER = "https://token.example.org"
IDENTITY = "https://git.example.org/acme/web/.workflow/release@refs/tags/v1"
UTC = datetime.timezone.utc


def b64(data):
    return base64.b64encode(data).decode()


def canonical(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


class Key:
    def __init__(self, seed):
        self.private = ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big") >> 1, ec.SECP256R1())
        self.public = self.private.public_key()

    def sign(self, data):
        return self.private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    @property
    def der(self):
        return self.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def pem(self):
        return self.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def private_pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    @property
    def identifier(self):
        return hashlib.sha256(self.der).digest()


def time(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "example.org"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A root and an intermediate, as Fulcio has them."""

    def __init__(self, seed, ct_log):
        self.root, self.key, self.ct_log = Key(seed + " root"), Key(seed), ct_log
        start, end = time(SIGNED_AT - 10**8), time(SIGNED_AT + 10**8)
        self.root_certificate = self.authority(name(seed + " root"), name(seed + " root"), self.root, self.root, start, end, 1)
        self.certificate = self.authority(name(seed), name(seed + " root"), self.key, self.root, start, end, 0)

    @staticmethod
    def authority(subject, issuer, key, signer, start, end, length):
        builder = x509.CertificateBuilder(issuer, subject, key.public, 1 + length, start, end)
        builder = builder.add_extension(x509.BasicConstraints(True, length), True)
        builder = builder.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public), False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public), False)
        return builder.sign(signer.private, hashes.SHA256(), ecdsa_deterministic=True)

    def leaf(self, key, identity=IDENTITY, issuer=ISSUER, start=SIGNED_AT - 60, usage=ExtendedKeyUsageOID.CODE_SIGNING, promised_for=None):
        names = [x509.RFC822Name(identity) if "@" in identity and "/" not in identity else x509.UniformResourceIdentifier(identity)]
        builder = x509.CertificateBuilder(
            self.certificate.subject, x509.Name([]), key.public, 1000 + start, time(start), time(start + 600))
        builder = builder.add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public), False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public), False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), True)
        text = issuer.encode()
        oid = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, text), False)
        oid = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, bytes([0x0C, len(text)]) + text), False)
        plain = builder.sign(self.key.private, hashes.SHA256(), ecdsa_deterministic=True)
        if not self.ct_log:
            return plain
        builder = builder.add_extension(
            x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), self.promise(promised_for or plain)), False)
        return builder.sign(self.key.private, hashes.SHA256(), ecdsa_deterministic=True)

    def promise(self, certificate):
        """A signed certificate timestamp (RFC 6962, section 3.2), as an OCTET STRING with a list of one."""
        body = certificate.tbs_certificate_bytes
        signed = struct.pack(">BBQH", 0, 0, SIGNED_AT * 1000, 1) + hashlib.sha256(self.key.der).digest()
        signed += len(body).to_bytes(3, "big") + body + struct.pack(">H", 0)
        signature = self.ct_log.sign(signed)
        stamp = struct.pack(">B32sQH", 0, self.ct_log.identifier, SIGNED_AT * 1000, 0)
        stamp += struct.pack(">BBH", 4, 3, len(signature)) + signature
        stamps = struct.pack(">HH", len(stamp) + 2, len(stamp)) + stamp
        return bytes([0x04, len(stamps)]) + stamps if len(stamps) < 128 else bytes([0x04, 0x81, len(stamps)]) + stamps


def value(tag, *parts):
    """A value in DER (X.690)."""
    content = b"".join(parts)
    size = len(content)
    length = [size] if size < 128 else [0x81, size] if size < 256 else [0x82, size >> 8, size & 0xFF]
    return bytes([tag, *length]) + content


def oid(text):
    first, second, *rest = [int(n) for n in text.split(".")]
    out = [first * 40 + second]
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, number & 0x7F | 0x80)
        out += digits
    return value(0x06, bytes(out))


SHA256 = value(0x30, oid("2.16.840.1.101.3.4.2.1"))
ECDSA = value(0x30, oid("1.2.840.10045.4.3.2"))
STAMP = oid("1.2.840.113549.1.9.16.1.4")


class Stamper:
    """A time stamp authority (RFC 3161)."""

    def __init__(self, seed):
        self.root, self.key = Key(seed + " root"), Key(seed)
        start, end = time(SIGNED_AT - 10**8), time(SIGNED_AT + 10**8)
        self.root_certificate = Authority.authority(name(seed + " root"), name(seed + " root"), self.root, self.root, start, end, 1)
        builder = x509.CertificateBuilder(name(seed + " root"), name(seed), self.key.public, 7, start, end)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True)
        builder = builder.add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public), False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.public), False)
        self.certificate = builder.sign(self.root.private, hashes.SHA256(), ecdsa_deterministic=True)

    def stamp(self, data, at=SIGNED_AT):
        """A TimeStampResp for the bytes of a signature."""
        moment = datetime.datetime.fromtimestamp(at, UTC).strftime("%Y%m%d%H%M%SZ").encode()
        imprint = value(0x30, SHA256, value(0x04, hashlib.sha256(data).digest()))
        info = value(0x30, value(0x02, b"\1"), oid("1.2.3.4.1"), imprint, value(0x02, b"\5"), value(0x18, moment))
        own = der(self.certificate)
        issuer = value(0x30, self.certificate.issuer.public_bytes(), value(0x02, b"\7"))
        attributes = [
            value(0x30, oid("1.2.840.113549.1.9.3"), value(0x31, STAMP)),
            value(0x30, oid("1.2.840.113549.1.9.4"), value(0x31, value(0x04, hashlib.sha256(info).digest()))),
            value(0x30, oid("1.2.840.113549.1.9.16.2.47"), value(0x31, value(0x30, value(0x30, value(
                0x30, value(0x04, hashlib.sha256(own).digest())))))),
        ]
        attributes.sort()
        signature = self.key.sign(value(0x31, *attributes))
        signer = value(0x30, value(0x02, b"\1"), issuer, SHA256, value(0xA0, *attributes), ECDSA, value(0x04, signature))
        content = value(0x30, STAMP, value(0xA0, value(0x04, info)))
        signed = value(0x30, value(0x02, b"\3"), value(0x31, SHA256), content, value(0xA0, own), value(0x31, signer))
        token = value(0x30, oid("1.2.840.113549.1.7.2"), value(0xA0, signed))
        return value(0x30, value(0x30, value(0x02, b"\0")), token)


class Log:
    """A transparency log with a few entries before and after ours."""

    def __init__(self, key, before=5, after=3):
        self.key, self.before, self.after = key, before, after

    def entry(self, body, at=SIGNED_AT):
        leaves = [hashlib.sha256(b"\0entry %d" % n).digest() for n in range(self.before)]
        leaves.append(hashlib.sha256(b"\0" + body).digest())
        leaves += [hashlib.sha256(b"\0entry %d" % -n).digest() for n in range(self.after)]
        root, size = self.root(leaves), len(leaves)
        note = f"log.example.org - 1\n{size}\n{b64(root)}\n"
        mark = f"\n— log.example.org {b64(self.key.identifier[:4] + self.key.sign(note.encode()))}\n"
        kind = json.loads(body)
        promised = {"body": b64(body), "integratedTime": at, "logID": self.key.identifier.hex(), "logIndex": self.before}
        return {
            "logIndex": str(self.before),
            "logId": {"keyId": b64(self.key.identifier)},
            "kindVersion": {"kind": kind["kind"], "version": kind["apiVersion"]},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.key.sign(canonical(promised)))},
            "inclusionProof": {
                "logIndex": str(self.before), "rootHash": b64(root), "treeSize": str(size),
                "hashes": [b64(h) for h in self.path(self.before, leaves)], "checkpoint": {"envelope": note + mark},
            },
            "canonicalizedBody": b64(body),
        }

    @classmethod
    def split(cls, count):
        half = 1
        while half * 2 < count:
            half *= 2
        return half

    @classmethod
    def root(cls, leaves):
        if len(leaves) == 1:
            return leaves[0]
        half = cls.split(len(leaves))
        return hashlib.sha256(b"\1" + cls.root(leaves[:half]) + cls.root(leaves[half:])).digest()

    @classmethod
    def path(cls, index, leaves):
        if len(leaves) == 1:
            return []
        half = cls.split(len(leaves))
        if index < half:
            return cls.path(index, leaves[:half]) + [cls.root(leaves[half:])]
        return cls.path(index - half, leaves[half:]) + [cls.root(leaves[:half])]


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def bundle(content, certificate, entry):
    material = {"certificate": {"rawBytes": b64(der(certificate))}, "tlogEntries": [entry] if entry else []}
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material, **content}


def message_bundle(artifact, key, certificate, log, at=SIGNED_AT):
    signature, digest = key.sign(artifact), hashlib.sha256(artifact)
    body = canonical({
        "apiVersion": "0.0.1", "kind": "hashedrekord",
        "spec": {"data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
                 "signature": {"content": b64(signature), "publicKey": {"content": b64(pem(certificate))}}}})
    content = {"messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": b64(digest.digest())}, "signature": b64(signature)}}
    return bundle(content, certificate, log.entry(body, at))


def second(content, kind, key, signature, certificate, log, stamps, **digest):
    """A bundle with an entry of the log's second version, which has no times, and with time stamps."""
    verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": {"rawBytes": b64(der(certificate))}}
    signed = {"content": b64(signature), "verifier": verifier}
    if kind == "dsse":
        spec = {"dsseV002": {"payloadHash": {"algorithm": "SHA2_256", **digest}, "signatures": [signed]}}
    else:
        spec = {"hashedRekordV002": {"data": {"algorithm": "SHA2_256", **digest}, "signature": signed}}
    entry = log.entry(canonical({"apiVersion": "0.0.2", "kind": kind, "spec": spec}))
    del entry["integratedTime"], entry["inclusionPromise"]
    whole = bundle(content, certificate, entry)
    if stamps:
        whole["verificationMaterial"]["timestampVerificationData"] = {
            "rfc3161Timestamps": [{"signedTimestamp": b64(stamp)} for stamp in stamps]}
    return whole


def second_message(artifact, key, certificate, log, stamp):
    signature, digest = key.sign(artifact), b64(hashlib.sha256(artifact).digest())
    content = {"messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": digest}, "signature": b64(signature)}}
    return second(content, "hashedrekord", key, signature, certificate, log, [stamp(signature)] if stamp else [], digest=digest)


def second_envelope(payload, key, certificate, log, stamp):
    kind = "application/vnd.in-toto+json"
    signature = key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
    content = {"dsseEnvelope": {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}}
    digest = b64(hashlib.sha256(payload).digest())
    return second(content, "dsse", key, signature, certificate, log, [stamp(signature)], digest=digest)


def stamped(whole, stamp):
    """A bundle of the log's first version with a time stamp in addition."""
    whole = copy.deepcopy(whole)
    signature = base64.b64decode(whole["messageSignature"]["signature"])
    whole["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(stamp(signature))}]}
    return whole


def statement(digest):
    return canonical({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {},
        "subject": [{"name": "web", "digest": {"sha256": digest}}]})


def envelope_bundle(payload, key, certificate, log):
    kind = "application/vnd.in-toto+json"
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signature = key.sign(signed)
    envelope = {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}
    body = canonical({
        "apiVersion": "0.0.1", "kind": "dsse",
        "spec": {"envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(canonical(envelope)).hexdigest()},
                 "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                 "signatures": [{"signature": b64(signature), "verifier": b64(pem(certificate))}]}})
    return bundle({"dsseEnvelope": envelope}, certificate, log.entry(body))


def trusted_root(authority, log_key, ct_key, stamper):
    def key(own):
        return {"rawBytes": b64(own.der), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "2020-01-01T00:00:00Z"}}

    def log(own, url):
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key(own), "logId": {"keyId": b64(own.identifier)}}

    chain = [{"rawBytes": b64(der(c))} for c in (authority.certificate, authority.root_certificate)]
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log(log_key, "https://log.example.org")],
        "certificateAuthorities": [{
            "subject": {"organization": "example.org", "commonName": "authority"}, "uri": "https://ca.example.org",
            "certChain": {"certificates": chain}, "validFor": {"start": "2020-01-01T00:00:00.5Z"}}],
        "ctlogs": [log(ct_key, "https://ct.example.org")],
        "timestampAuthorities": [{
            "subject": {"organization": "example.org", "commonName": "stamper"}, "uri": "https://ts.example.org",
            "certChain": {"certificates": [{"rawBytes": b64(der(c))} for c in (stamper.certificate, stamper.root_certificate)]},
            "validFor": {"start": "2020-01-01T00:00:00Z"}}],
    }


def changed(value, *path, to):
    value = copy.deepcopy(value)
    at = value
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to(at[path[-1]])
    return value


def flipped(text):
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return b64(bytes(data))


def cases(artifact):
    ct, log_key, key, other = Key("ct"), Key("log"), Key("signer"), Key("other")
    authority, stranger, log = Authority("authority", ct), Authority("stranger", ct), Log(log_key)
    stamper, unknown = Stamper("stamper"), Stamper("unknown")
    root = trusted_root(authority, log_key, ct, stamper)
    leaf = authority.leaf(key)
    good = message_bundle(artifact, key, leaf, log)
    entry = ("verificationMaterial", "tlogEntries", 0)
    digest = hashlib.sha256(artifact).hexdigest()
    envelope = envelope_bundle(statement(digest), key, leaf, log)
    swapped = authority.leaf(key, promised_for=leaf)
    old = authority.leaf(key, start=SIGNED_AT - 10_000)
    with_mail = authority.leaf(key, identity="release@example.org")
    return root, log_key, key, {
        "good": good,
        "good-envelope": envelope,
        "good-single-entry": message_bundle(artifact, key, leaf, Log(log_key, 0, 0)),
        "good-last-entry": message_bundle(artifact, key, leaf, Log(log_key, 6, 0)),
        "other-identity": message_bundle(artifact, key, with_mail, log),
        "other-issuer": message_bundle(artifact, key, authority.leaf(key, issuer="https://evil.example.org"), log),
        "other-artifact": message_bundle(artifact + b" ", key, leaf, log),
        "other-statement": envelope_bundle(statement("0" * 64), key, leaf, log),
        "expired": message_bundle(artifact, key, authority.leaf(key, start=SIGNED_AT - 10_000), log),
        "stranger": message_bundle(artifact, key, stranger.leaf(key), log),
        "not-for-code": message_bundle(artifact, key, authority.leaf(key, usage=ExtendedKeyUsageOID.SERVER_AUTH), log),
        "other-key": message_bundle(artifact, other, leaf, log),
        "no-entry": changed(good, "verificationMaterial", "tlogEntries", to=lambda _: []),
        "unknown-log": message_bundle(artifact, key, leaf, Log(other)),
        "entry-of-another": changed(good, *entry[:2], to=lambda _: message_bundle(b"x", key, leaf, log)[entry[0]][entry[1]]),
        "promise-broken": changed(good, *entry, "inclusionPromise", "signedEntryTimestamp", to=flipped),
        "proof-broken": changed(good, *entry, "inclusionProof", "hashes", 0, to=flipped),
        "root-broken": changed(good, *entry, "inclusionProof", "rootHash", to=flipped),
        "checkpoint-broken": changed(good, *entry, "inclusionProof", "checkpoint", "envelope", to=lambda t: t.replace("- 1", "- 2")),
        "time-moved": changed(good, *entry, "integratedTime", to=lambda t: str(int(t) + 1)),
        "signature-broken": changed(good, "messageSignature", "signature", to=flipped),
        "payload-broken": changed(envelope, "dsseEnvelope", "payload", to=lambda _: b64(statement("1" * 64))),
        "no-promise": message_bundle(artifact, key, Authority("authority", None).leaf(key), log),
        "unknown-certificate-log": message_bundle(artifact, key, Authority("authority", other).leaf(key), log),
        "promise-of-another": message_bundle(artifact, key, swapped, log),
        "second": second_message(artifact, key, leaf, log, stamper.stamp),
        "second-envelope": second_envelope(statement(digest), key, leaf, log, stamper.stamp),
        "second-without-stamp": second_message(artifact, key, leaf, log, None),
        "second-stamp-of-another": second_message(artifact, key, leaf, log, lambda s: stamper.stamp(s + b" ")),
        "second-unknown-stamper": second_message(artifact, key, leaf, log, unknown.stamp),
        "second-stamp-broken": second_message(artifact, key, leaf, log, lambda s: stamper.stamp(s)[:-1] + b"\0"),
        "second-other-artifact": second_message(artifact + b" ", key, leaf, log, stamper.stamp),
        "second-other-key": second_message(artifact, other, leaf, log, stamper.stamp),
        "second-expired": second_message(artifact, key, old, log, stamper.stamp),
        "second-stamped-in-time": second_message(artifact, key, old, log, lambda s: stamper.stamp(s, SIGNED_AT - 9_900)),
        "stamped": stamped(good, stamper.stamp),
        "stamped-too-late": stamped(good, lambda s: stamper.stamp(s, SIGNED_AT + 10_000)),
        "certificate-broken": changed(good, "verificationMaterial", "certificate", "rawBytes", to=flipped),
    }


def cosign(artifact_digest, key, certificate, log):
    """The annotations that cosign 1 and 2 write to `.sig` tags."""
    payload = canonical({
        "critical": {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": artifact_digest},
                     "type": "cosign container image signature"}, "optional": None})
    entry = message_bundle(payload, key, certificate, log)["verificationMaterial"]["tlogEntries"][0]
    packed = {"SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
              "Payload": {"body": entry["canonicalizedBody"], "integratedTime": SIGNED_AT,
                          "logIndex": int(entry["logIndex"]), "logID": base64.b64decode(entry["logId"]["keyId"]).hex()}}
    return payload, {
        "dev.cosignproject.cosign/signature": b64(key.sign(payload)),
        "dev.sigstore.cosign/certificate": pem(certificate).decode(),
        "dev.sigstore.cosign/bundle": json.dumps(packed),
    }


def verdicts(root, artifact, bundles):
    """What sigstore's own client says, without a network."""
    from sigstore import dsse
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy

    path = pathlib.Path(sys.argv[1], "trusted_root.json")
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(path)))
    wanted = policy.Identity(identity=IDENTITY, issuer=ISSUER)
    answers = {}
    for case, content in bundles.items():
        try:
            read = Bundle.from_json(json.dumps(content))
            if "dsseEnvelope" in content:
                _, payload = verifier.verify_dsse(read, wanted)
                subject = json.loads(payload)["subject"][0]["digest"]["sha256"]
                if subject != hashlib.sha256(artifact).hexdigest():
                    raise ValueError("the statement is about another artifact")
            else:
                verifier.verify_artifact(artifact, read, wanted)
            answers[case] = ""
        except Exception as error:
            answers[case] = f"{type(error).__name__}: {error}"
    return answers


def main():
    folder = pathlib.Path(sys.argv[1])
    artifact = b'{"version": 1}\n'
    root, log_key, key, bundles = cases(artifact)
    (folder / "artifact").write_bytes(artifact)
    (folder / "trusted_root.json").write_text(json.dumps(root))
    (folder / "key.pem").write_bytes(key.private_pem)
    (folder / "key.pub").write_bytes(key.pem)
    for case, content in bundles.items():
        (folder / f"{case}.sigstore.json").write_text(json.dumps(content))
    (folder / "verdicts.json").write_text(json.dumps(verdicts(root, artifact, bundles)))
    if len(sys.argv) > 2:
        payload, annotations = cosign(sys.argv[2], key, Authority("authority", Key("ct")).leaf(key), Log(log_key))
        (folder / "cosign-payload.json").write_bytes(payload)
        (folder / "cosign-annotations.json").write_text(json.dumps(annotations))
        payload = statement(sys.argv[2].removeprefix("sha256:"))
        authority = Authority("authority", Key("ct"))
        image = envelope_bundle(payload, key, authority.leaf(key), Log(log_key))
        expired = envelope_bundle(payload, key, authority.leaf(key, start=SIGNED_AT - 10_000), Log(log_key))
        broken = changed(image, "dsseEnvelope", "signatures", 0, "sig", to=flipped)
        for case, content in (("image", image), ("image-expired", expired), ("image-broken", broken)):
            (folder / f"{case}.sigstore.json").write_text(json.dumps(content))


main()
