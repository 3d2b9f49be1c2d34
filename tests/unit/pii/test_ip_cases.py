"""Addresses outside the internal ranges are found however they stand; what looks alike passes."""

from __future__ import annotations

import json

import pytest

from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

DETECTOR = Detector([rule for rule in load_rules() if rule.pii_class == "ip"])

PUBLIC = [
    "client 8.8.8.8 refused",
    "GET / from 203.0.113.42 took 12 ms",
    '198.51.100.7 - - [19/Aug/2025:10:11:12 +0000] "GET /runs HTTP/1.1" 200',
    "server 192.0.2.10:443 unreachable",
    "X-Forwarded-For: 10.0.0.1, 198.51.100.23, 127.0.0.1",
    "src=45.33.32.156 dst=10.0.0.7",
    "from_45.33.32.156",
    "client-45.33.32.156 closed",
    "8.8.8.8:443->10.0.0.1:80 established",
    "10.0.0.1:80->8.8.8.8:443 established",
    "/52.14.88.201:50010 lost",
    "dn1.example.com/52.14.88.201:50010 lost",
    "ssh deploy@52.14.88.201 failed",
    "ssh root@1.2.3.4",
    "banned 8.8.8.0/24",
    "route 203.0.113.0/24 via 10.0.0.1",
    "connect to http://203.0.113.9:8080/hook failed",
    "callback https://user@198.51.100.3/x",
    "https://[2606:4700:4700::1111]:8443/x",
    "peer [2001:db8::7]:443 reset",
    "peer 2001:db8:85a3:0:0:8a2e:370:7334 reset",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "peer 2a00:1450:4001:81b::200e%eth0 reset",
    "mapped ::ffff:203.0.113.5 seen",
    "mapped ::ffff:cb00:7105 seen",
    "v6only 0:0:0:0:0:ffff:8.8.8.8",
    "nat64 64:ff9b::8.8.8.8",
    "resolved ip-52-14-88-201.ec2.internal",
    "ec2-52-14-88-201.compute-1.amazonaws.com timed out",
    "ptr 201.88.14.52.in-addr.arpa",
    "open http://203.0.113.9.nip.io/x",
    "open https://app-52-14-88-201.sslip.io/x",
    "open app.52.14.88.201.nip.io",
    "hxxp://8[.]8[.]8[.]8/x",
    "seen 203[.]0[.]113[.]5",
    "GET http://134744072/x",
    "GET http://0x08080808/x",
    "GET http://010.010.010.010/x",
    "client 1.2.3.4 refused",
    "talking to 5.6.7.8",
    "SPF check: 25.37.75.164 is not permitted",
    "mirror at 7.218.116.142 is out of date",
    "debug/131.193.84.88-timeout",
    "dumps/130.59.159.151/pcap-1.bin",
    "postgres://app@203.0.113.5/db",
    "203.0.113.7 - - [19/Aug/2025]",
    "gateway 5.6.7.8 up",
    "1.2.3.4:5050 timed out",
    "client=1.2.3.4 port=22",
    "rate limited 1.1.1.1",
    "request from 5.9.8.7",
    "resolver 9.9.9.9 answered",
    "dns 1.1.1.1 and 8.8.4.4",
    "8.8.8.8",
    "203.0.113.42",
    "ping 4.4.4.4 ok",
    "released lease of 45.33.32.156",
    "peer 45.33.32.156 upgraded connection to websocket",
    "login of user 7 from (185.199.108.153)",
    "ip: 185.199.108.153.",
    "host 185.199.108.153, port 22",
    "Failed password for mysql from 187.141.143.180 port 51060 ssh2",
    "Invalid user ubuntu from 183.62.140.253",
    "pulled build from 45.33.32.156",
    "updated firewall rule for 45.33.32.156",
    "deployed build 42 to 45.33.32.156",
    'remote_addr="203.0.113.77"',
    'upstream: "http://52.14.88.201:80/run"',
    "IPv6 2600:1f18:24e6:b900:1234:5678:9abc:def0 joined",
]

FIELDS = [
    {"client_ip": "203.0.113.4"},
    {"clientIp": "1.2.3.4"},
    {"x_forwarded_for": "203.0.113.4, 10.0.0.1"},
    {"remote_addr": "2001:db8::1"},
    {"ip_address": 134744072},
    {"ip": "0x08080808"},
    {"ip": "008.008.008.008"},
    {"ips": ["10.0.0.1", "1.2.3.4"]},
    {"source_ip": "[2001:db8::1]:443"},
    {"peer": "203.0.113.4:5050"},
    {"host": "45.33.32.156"},
    {"server_ip": "8.8.8.0/24"},
    {"ip": "8.8.8.8%eth0"},
]

PASSES = [
    "listen on 10.0.0.1:8080 and 192.168.1.1",
    "loopback 127.0.0.1, ::1, [::1]:8080",
    "bind 0.0.0.0:8080 and [::]:8080",
    "default route 0.0.0.0/0 and ::/0",
    "allow 172.16.0.0/12, 10.0.0.0/8 and fd00::/8",
    "link-local 169.254.169.254 and fe80::1%eth0",
    "peer fd12:3456:789a::1 and fc00::7",
    "mapped ::ffff:10.0.0.1",
    "mapped ::ffff:c0a8:101",
    "netmask 255.255.255.0 broadcast 255.255.255.255",
    "multicast 224.0.0.251 and ff02::fb",
    "ip-10-0-0-1.ec2.internal ready",
    "ip-172-31-5-6 ready",
    "ptr 1.0.0.10.in-addr.arpa",
    "ptr 1.1.168.192.in-addr.arpa",
    "open http://10.0.0.9.nip.io/x",
    "version 1.2.3.4",
    "v1.2.3.4 released",
    "release 10.4.2.1",
    "build 8.8.8.8 finished",
    "Chrome/120.0.0.0 Safari/537.36",
    "pkg-1.2.3.4.jar loaded",
    "pulled image:1.2.3.4",
    "1.2.3.4-rc1 tagged",
    "1.2.3.4+build5 tagged",
    "pydantic==2.12.0.1 installed",
    "installed pydantic 2.12.0.1",
    "upgraded nginx from 1.26.0.1 to 1.27.0.1",
    "upgraded nginx 1.26.0.1 -> 1.27.0.1",
    "bumped left-pad to 4.3.2.1",
    "OpenSSL 1.1.1.1 linked",
    "tag 4.2.1.7 pushed",
    "schema 4.2.1.7 applied",
    "migration 4.2.1.7 applied",
    "section 4.2.1.3 of the guide",
    "see 4.2.1.3 for details",
    "step 1.2.3.4 done",
    "task 1.2.3.4 done",
    "requirement 3.1.4.2 is covered",
    "oid 1.3.6.1.4.1.311",
    "oid 1.3.6.1 unknown",
    "1.2.840.113549.1.1.11 sha256WithRSA",
    "quad 300.1.2.3 and 1.2.3.999",
    "at 12:34:56 and 2025:08:19 10:11:12",
    "exif 2025:08:19:10:11:12",
    "mac aa:bb:cc:dd:ee:ff",
    "mac 20:01:0d:b8:00:01",
    "fingerprint 20:01:4e:60:48:60:88:88:20:01:4e:60:48:60:88:88",
    "std::vector<int> and a::b::c",
    "css ::before and ::after",
    "Rust path crate::add::cafe",
    "ratio 2001::2 of",
    "Windows 10.0.19045.3693",
    "Edge 120.0.2210.91",
    "jdk 17.0.9.1",
    "kernel 6.8.0.45",
    "driver 5.4.3.2 loaded",
    "http://10.0.0.1/x and http://localhost/1.2.3.4",
    "example.com/1.2.3.4/index.html",
    "docs/1.2.3.4/index.md",
    "pkg@4.3.2.1 resolved",
    "required >=4.3.2.1,<5",
    "sha 2001abcd2001abcd2001abcd2001abcd2001abcd",
    "GET http://134744072example.com/x",
    "0.0.0.0",
    "took 1.2.3",
    "coverage 98.6.1",
    "tree 2024.8.19.1",
    "compat 3.10.0.0 ... 3.12.0.0",
    "1.0.0.0 is the first release",
    "changelog for 4.0.0.1",
    "hotfix 2.3.0.1 rolled out",
    "from version 4.3.2.0 to version 4.3.2.1",
    "from v4.3.2.0 to v4.3.2.1",
    "app 4.3.2.1 started",
    "client version 5.6.7.8",
    "server: nginx/1.27.0.1",
    "User-Agent: qp/1.4.0.2 (linux)",
    "library foo (4.3.2.1) outdated",
    "foo:4.3.2.1@sha256",
    "chart qp-4.3.2.1 deployed",
    "release/4.3.2.1 merged",
    "refs/tags/4.3.2.1",
    "milestone 4.3.2.1",
    "::8080 bound",
    "scores 9.8.7.6",
    "moved from 4.3.2.1 to 4.3.2.2",
    "moved from 4.3.2.1 -> 4.3.2.2",
    "check 4.2.1.3 passed",
    "according to 4.2.1.3",
    "sdk 2.42.32.91 required, found 17.27.74.41",
    "qp 7.1.83.233 (build 3750)",
    "agent_version=12.51.15.116",
    "protocol 1.0.0.1",
    "tool/8.8.8.8 (linux)",
    "exit 1.2.3.4",
    "clause 8.2.1.3",
    "ip x.x.x.x masked",
    "ip 10.x.x.x",
    "dead:beef cafe:babe:1234",
    "12:30::45",
]

CLEAN_FIELDS = [
    {"version": "4.2.1.7"},
    {"file_version": "125.49.94.48"},
    {"build": "1.0.0.0"},
    {"client_ip": "10.1.2.3"},
    {"ip": "none"},
    {"ip_count": "8"},
    {"pip_version": "4.2.1.7"},
    {"remote_addr": "::1"},
    {"host": "worker-1.internal"},
    {"address": "0x7ffe1234"},
    {"zip": 12345678},
    {"ship": 134744072},
    {"ip_range": "10.0.0.0/8"},
]


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_found(text: str) -> None:
    assert DETECTOR.find(text)
    assert DETECTOR.candidates(json.dumps({"message": text}).encode()) == [0]


def _in_fields(document: dict[str, object]) -> bool:
    ((name, value),) = document.items()
    values = value if isinstance(value, list) else [value]
    return any(DETECTOR.find(str(each), name=name) for each in values)


@pytest.mark.parametrize("document", FIELDS, ids=json.dumps)
def test_an_address_under_a_name_for_one_is_found(document: dict[str, object]) -> None:
    assert _in_fields(document)
    assert DETECTOR.candidates(json.dumps(document).encode()) == [0]


@pytest.mark.parametrize("text", PASSES)
def test_what_is_internal_or_no_address_passes(text: str) -> None:
    assert not DETECTOR.find(text)


@pytest.mark.parametrize("document", CLEAN_FIELDS, ids=json.dumps)
def test_what_is_internal_or_no_address_passes_under_a_name(document: dict[str, object]) -> None:
    assert not _in_fields(document)
