#!/usr/bin/env python3
"""origin.py NAME FOLDER - becomes the origin server NAME, a lenient one that others wrote

It listens on a free port and prints `listening address=...`.  Each request
that has come whole is a line `METHOD TARGET ID ...` in FOLDER/seen, ID being
its X-Request-Id; lighttpd writes also those cut short, and all when it ends.
"""
import os
import pathlib
import socket
import sys

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "build/tools"
LIGHTTPD = """\
server.document-root = "{folder}"
server.modules = ("mod_accesslog")
server.systemd-socket-activation = "enable"
server.bind = "{host}"
server.port = {port}
server.max-keep-alive-requests = 60000
server.max-request-field-size = 65535
server.errorlog = "{folder}/errors"
accesslog.filename = "{folder}/seen"
accesslog.format = "%m %U %{{X-Request-Id}}i %s"
"""


class Seen:
    """The file of what was seen."""

    def __init__(self, folder):
        self.file = open(folder / "seen", "a", buffering=1, encoding="latin-1")

    def add(self, method, target, number, size):
        self.file.write(f"{method} {target} {number} {size}\n")


def lighttpd(listener, folder):
    """Takes the place of this program; the socket comes as systemd would hand it over."""
    host, port = listener.getsockname()
    (folder / "lighttpd.conf").write_text(LIGHTTPD.format(folder=folder, host=host, port=port))
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    program = TOOLS / "lighttpd/usr/sbin/lighttpd"
    os.execv(program, [program, "-D", "-f", folder / "lighttpd.conf",
                       "-m", TOOLS / "lighttpd/usr/lib/lighttpd"])


def gunicorn(listener, folder):
    """Eight threads of one worker, without any reverse proxy's help."""
    from gunicorn.app.base import BaseApplication  # pylint: disable=import-outside-toplevel
    seen = Seen(folder)

    def application(environ, start_response):
        size = len(environ["wsgi.input"].read())
        seen.add(environ["REQUEST_METHOD"], environ["RAW_URI"], environ["HTTP_X_REQUEST_ID"], size)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"ok"]

    class Server(BaseApplication):
        """One worker on the listener's descriptor."""

        def load_config(self):
            for name, value in (("bind", f"fd://{listener.fileno()}"), ("threads", 8),
                                ("keepalive", 60), ("limit_request_line", 0),
                                ("limit_request_field_size", 0), ("worker_tmp_dir", str(folder)),
                                ("timeout", 600), ("graceful_timeout", 1)):
                self.cfg.set(name, value)

        def load(self):
            return application

    Server().run()


def tornado(listener, folder):
    """One loop; heads of any size."""
    import tornado.httpserver  # pylint: disable=import-outside-toplevel
    import tornado.ioloop  # pylint: disable=import-outside-toplevel
    seen = Seen(folder)

    def answer(request):
        seen.add(request.method, request.uri, request.headers["X-Request-Id"], len(request.body))
        request.connection.write_headers(
            tornado.httputil.ResponseStartLine("HTTP/1.1", 200, "OK"),
            tornado.httputil.HTTPHeaders({"Content-Type": "text/plain", "Content-Length": "2"}),
            b"" if request.method == "HEAD" else b"ok")
        request.connection.finish()

    server = tornado.httpserver.HTTPServer(answer, max_header_size=1 << 20)
    listener.setblocking(False)
    server.add_socket(listener)
    tornado.ioloop.IOLoop.current().start()


ORIGINS = {"lighttpd": lighttpd, "gunicorn": gunicorn, "tornado": tornado}


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print("listening address=%s:%d" % listener.getsockname(), flush=True)
    ORIGINS[name](listener, folder)


if __name__ == "__main__":
    main()
