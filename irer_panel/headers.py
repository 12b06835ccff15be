"""Headers by which browsers guard each answer, whoever made it."""

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

_POLICY = {
    "default-src": "'self'",
    # Bokeh compiles templates, and Panel's components are modules made from text.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


class SecurityHeaders(OutputTransform):
    """Adds to every answer what its handler did not set itself."""

    def __init__(self, request: HTTPServerRequest, frames: tuple[str, ...] = ()) -> None:
        """Take the origins whose pages may show this server's in a frame."""
        self._frames = frames

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """The answer as it was, with its headers."""
        ancestors = " ".join(("'self'", *self._frames))
        policy = "; ".join(f"{name} {what}" for name, what in _POLICY.items())
        wanted = {
            "Content-Security-Policy": f"{policy}; frame-ancestors {ancestors}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
        if not self._frames:  # it knows no list of origins
            wanted["X-Frame-Options"] = "SAMEORIGIN"
        for name, value in wanted.items():
            if name not in headers:
                headers[name] = value
        headers.pop("Server", None)
        return status_code, headers, chunk
