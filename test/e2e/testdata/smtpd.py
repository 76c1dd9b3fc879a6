# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
"""A mail server that takes mail after STARTTLS and AUTH alone, into a maildir.

Usage: smtpd.py HOST PORT CERT KEY USER PASSWORD MAILDIR
"""

import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult

host, port, cert, key, user, password, maildir = sys.argv[1:]


def authenticate(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (user.encode(), password.encode())
    return AuthResult(success=known, handled=False)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
Controller(
    Mailbox(maildir),
    hostname=host,
    port=int(port),
    tls_context=context,
    require_starttls=True,
    authenticator=authenticate,
    auth_required=True,
).start()
threading.Event().wait()
