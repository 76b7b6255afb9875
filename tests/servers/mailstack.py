"""A real mail server on loopback for tests: Dovecot (IMAP, LMTP) and Postfix (SMTP, submission), run from a folder of
their own with a certificate authority of their own. Without root, a small relay stands in for Postfix.

Nothing under /etc is read, no mail can leave the machine, every process is stopped by its own id."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import trustme
from servers import ports, relay

DOMAIN, PASSWORD = "test.local", "geheim"

_DOVECOT = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:~/Maildir
auth_mechanisms = plain login
auth_failure_delay = 0
disable_plaintext_auth = no
mail_fsync = never
mail_max_userip_connections = 200
ssl = yes
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.key
ssl_dh =
recipient_delimiter = +
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {root}/users
  default_fields = uid={uid} gid={gid} home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
mail_plugins = quota
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=200M
}}
protocol lmtp {{
  postmaster_address = postmaster@{domain}
  hostname = mail.{domain}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {sasl}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
multi_instance_enable = yes
multi_instance_name = postfix-{tag}
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
import_environment = MAIL_CONFIG
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mail.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
local_transport = error:no local delivery
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:5.1.2 no mail leaves this machine
relay_transport = error:5.1.2 no mail leaves this machine
smtp_dns_support_level = disabled
lmtp_host_lookup = native
notify_classes =
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
service_throttle_time = 1s
transport_retry_time = 1s
message_size_limit = 60000000
mailbox_size_limit = 0
recipient_delimiter = +
smtpd_tls_cert_file = {root}/server.pem
smtpd_tls_key_file = {root}/server.key
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_sasl_auth_enable = yes
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_relay_restrictions = permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
"""

_MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# Postfix refuses a spool whose folders have other owners or modes; 0 stands for root, 1 for the group postdrop.
_OWN = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
_SPOOL = {
    **dict.fromkeys(_OWN, (0o700, True, False)),
    "maildrop": (0o730, True, True),
    "public": (0o710, True, True),
    "pid": (0o755, False, False),
}


class MailStack:
    """`with MailStack() as stack`: the ports, the CA's file, and ways to add accounts, deliver, stop and start."""

    def __init__(self, users: int = 499) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="qforms-mail-"))
        self.root.chmod(0o755)  # the servers' own users walk through it
        self.domain = DOMAIN
        names = ("imap", "imaps", "lmtp", "sasl", "smtp", "submission", "smtps")
        self.ports = dict(zip(names, ports.free(len(names)), strict=True))
        self.ca = self.root / "ca.pem"
        self.users = {f"box{n}@{DOMAIN}": PASSWORD for n in range(1, users + 1)}
        self._unused = iter(self.users)
        self.has_postfix = os.geteuid() == 0 and Path("/usr/lib/postfix/sbin/master").exists()
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._postfix: subprocess.Popen[bytes] | None = None
        self._relay: relay.Relay | None = None

    def __enter__(self) -> MailStack:
        try:
            self._write()
            self.start_dovecot()
            self.start_smtp()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_smtp()
        self.stop_dovecot()
        shutil.rmtree(self.root, ignore_errors=True)

    # ---- accounts and mail

    def new_user(self) -> str:
        """An account that nobody has used; its address. (Made beforehand: Dovecot reads new ones a second later.)"""
        return next(self._unused)

    def deliver(self, raw: bytes, to: str, sender: str = "kunde@example.com") -> None:
        """Straight into the mailbox, over LMTP: it stands there when this returns."""
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"], timeout=120) as lmtp:
            lmtp.sendmail(sender, [to], raw)

    def submit(self, raw: bytes, to: str, sender: str = "kunde@example.com") -> None:
        """Over SMTP, as from another server."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=120) as smtp:
            smtp.sendmail(sender, [to], raw)

    def doveadm(self, *arguments: str) -> str:
        command = ["doveadm", "-c", str(self.root / "dovecot.conf"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    # ---- starting and stopping

    def start_dovecot(self) -> None:
        self._dovecot = self._start("dovecot", ["dovecot", "-F", "-c", str(self.root / "dovecot.conf")])
        self._await("imap", self._dovecot)
        self._await("lmtp", self._dovecot)
        self._await("sasl", self._dovecot)  # Postfix asks it whether it may offer a login

    def stop_dovecot(self, hard: bool = False) -> None:
        """`hard`: as in a power cut, sessions and all."""
        _stop(self._dovecot, hard)
        self._dovecot = None

    def start_smtp(self) -> None:
        if not self.has_postfix:
            self._relay = relay.Relay(self.ports, self._tls(), self.users)
            self._relay.start()
            return
        master = ["/usr/lib/postfix/sbin/master", "-c", str(self.root / "postfix"), "-d"]
        self._postfix = self._start("postfix", master, MAIL_CONFIG=str(self.root / "postfix"))
        for port in ("smtp", "submission", "smtps"):
            self._await(port, self._postfix)

    def stop_smtp(self) -> None:
        _stop(self._postfix, hard=False)
        self._postfix = None
        if self._relay:
            self._relay.stop()
            self._relay = None

    def _start(self, name: str, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        with (self.root / f"{name}.out").open("ab") as out:
            return subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, env={**os.environ, **environment}
            )

    def _await(self, port: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[port]), 1) as tried:
                tried.settimeout(5)
                if port in ("imaps", "smtps") or tried.recv(1):
                    return
            time.sleep(0.03)
        logs = [f.read_text(errors="replace")[-2000:] for f in sorted(self.root.glob("*.[lo][ou][gt]"))]
        raise RuntimeError(f"{port} does not answer\n" + "\n".join(logs))

    # ---- writing the configuration

    def _write(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_pem.write_to_path(self.root / "server.key")
        with (self.root / "server.pem").open("wb") as out:
            out.writelines(blob.bytes() for blob in certificate.cert_chain_pems)
        (self.root / "server.key").chmod(0o644)
        for folder in ("run", "state", "mail"):
            (self.root / folder).mkdir()
        as_root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid()).pw_name
        owner = pwd.getpwnam("mail" if as_root else me)
        if as_root:
            os.chown(self.root / "mail", owner.pw_uid, owner.pw_gid)
        (self.root / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in self.users))
        (self.root / "users").chmod(0o644)
        config = _DOVECOT.format(
            root=self.root,
            domain=self.domain,
            internal="dovecot" if as_root else me,
            internal_group="dovecot" if as_root else grp.getgrgid(os.getegid()).gr_name,
            login="dovenull" if as_root else me,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            **self.ports,
        )
        (self.root / "dovecot.conf").write_text(config)
        if self.has_postfix:
            self._write_postfix()

    def _write_postfix(self) -> None:
        etc, spool, data = self.root / "postfix", self.root / "spool", self.root / "postfix-data"
        owner, group = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        for folder in (etc, spool, data):
            folder.mkdir()
        os.chown(data, owner, -1)
        tag = self.root.name.replace("_", "-")
        (etc / "main.cf").write_text(_MAIN_CF.format(root=self.root, tag=tag, domain=self.domain, **self.ports))
        (etc / "master.cf").write_text(_MASTER_CF.format(**self.ports))
        for name, (mode, owned, dropped) in _SPOOL.items():
            (spool / name).mkdir()
            os.chown(spool / name, owner if owned else 0, group if dropped else 0)
            (spool / name).chmod(mode)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.root / "server.pem", self.root / "server.key")
        return context


def _stop(process: subprocess.Popen[bytes] | None, hard: bool) -> None:
    if process is None or process.poll() is not None:
        return
    if not hard:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # a session of its own: the master and its children
    process.wait(120)
