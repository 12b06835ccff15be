"""The interface where `panel serve` makes the server."""

from api_client import Client


def test_panel_serves_the_interface_as_a_plugin(start_server, hunted):
    command = ("panel", "serve", "dashboard.py", "--plugins", "irer_panel.server", "--port", "0")
    served = start_server(*command, workspace=hunted.root)
    client = Client(served.url.rsplit("/", 1)[0])
    assert client.get("/api/runs?limit=1").json["total"] == 6
    assert client.get("/dashboard").status == 200
    refused = client.post("/api/start-hunt", {}, Origin="http://evil.example")
    assert refused.status == 403
