"""Files that we give away for running the service: each is taken by the program that it is for, or by its schema."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest
import yaml

from mcp_dynaload.cli.serve import DEFAULT_PORT
from mcp_dynaload.config.settings import Settings, variable_name
from mcp_dynaload.http.prometheus import PrometheusMetrics
from tests.deploy.nginx import DEPLOY

KUBERNETES = "1.33"
SERVICE_VARIABLES = {variable_name(name) for name in Settings.model_fields}
METRIC = re.compile(r"\bdynaload_[a-z_]+")


def manifests() -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()) if found]


def manifest(kind: str, name: str = "mcp-dynaload") -> dict[str, Any]:
    (found,) = [one for one in manifests() if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "grafana-dashboard.json").read_text())


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("found", manifests(), ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_the_manifest_is_valid_kubernetes(found: dict[str, Any]) -> None:
    kubernetes_validate.validate(found, KUBERNETES, strict=True)


def test_kubernetes_asks_our_probes_and_waits_for_running_calls() -> None:
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("liveness", "readiness", "startup")}

    assert paths == {"liveness": "/healthz", "readiness": "/readyz", "startup": "/healthz"}
    assert container["ports"] == [{"name": "http", "containerPort": DEFAULT_PORT}]
    assert pod["terminationGracePeriodSeconds"] > Settings().drain_seconds
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_kubernetes_parts_fit_together() -> None:
    deployment, service, ingress = manifest("Deployment"), manifest("Service"), manifest("Ingress")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    (rule,) = ingress["spec"]["rules"]
    variables = [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]

    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == service["metadata"]["name"]
    assert manifest("Secret")["stringData"]["MCP_DYNALOAD_STORE_URL"].startswith("redis://redis:6379")
    assert manifest("Service", "redis")["spec"]["selector"] == {"app": "redis"}
    assert json.loads(manifest("ConfigMap", "mcp-dynaload-servers")["data"]["servers.json"])["mcpServers"]
    assert set(variables) <= SERVICE_VARIABLES


def test_the_ingress_and_the_snippet_say_the_same() -> None:
    told = manifest("Ingress")["metadata"]["annotations"]
    notes = {key.rpartition("/")[2]: value for key, value in told.items()}
    snippet = (DEPLOY / "nginx.conf").read_text()

    assert f"proxy_next_upstream {notes['proxy-next-upstream']};" in snippet
    assert f"proxy_buffering {notes['proxy-buffering']};" in snippet
    assert notes["upstream-hash-by"] in snippet
    assert f"client_max_body_size {notes['proxy-body-size']};" in snippet
    assert int(notes["proxy-body-size"].removesuffix("m")) * 2**20 > Settings().max_request_bytes


def test_compose_starts_the_replicas_that_nginx_and_prometheus_know() -> None:
    services = compose()["services"]
    replicas = [name for name, service in services.items() if service.get("image") == "mcp-dynaload"]
    snippet = (DEPLOY / "nginx.conf").read_text()
    (job,) = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    addresses = [f"{name}:{DEFAULT_PORT}" for name in replicas]

    assert re.findall(r"^    server (\S+)", snippet, re.MULTILINE) == addresses
    assert job["static_configs"] == [{"targets": addresses}]
    assert len(replicas) == 2
    for name in replicas:
        service = services[name]
        assert set(service["environment"]) <= SERVICE_VARIABLES
        assert service["environment"]["MCP_DYNALOAD_STORE_URL"] == "redis://redis:6379/0"
        assert "/healthz" in service["healthcheck"]["test"][-1]
        assert int(service["stop_grace_period"].removesuffix("s")) > Settings().drain_seconds


def test_compose_names_only_what_there_is() -> None:
    services, volumes = compose()["services"], compose()["volumes"]
    written_by_the_person = {"./servers.json", "./prometheus-token"}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or source in written_by_the_person or (DEPLOY / source).is_file(), source
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file()


def test_the_image_serves_where_the_others_look() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    command = json.loads(next(line for line in lines if line.startswith("CMD")).removeprefix("CMD"))

    assert command == ["serve", "--transport", "http", "--host", "0.0.0.0", "--port", str(DEFAULT_PORT)]
    assert f"EXPOSE {DEFAULT_PORT}" in lines
    assert any("[redis]" in line for line in lines)


def test_promtool_takes_the_scrape_configuration_with_its_rules() -> None:
    checked = promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus.yml"))
    rules = promtool("check", "rules", "--lint=all", "--lint-fatal", str(DEPLOY / "alerts.yml"))

    assert checked.returncode == 0, checked.stderr
    assert rules.returncode == 0, rules.stdout + rules.stderr
    assert yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["rule_files"] == ["alerts.yml"]


def test_every_panel_asks_what_prometheus_understands(tmp_path: Path) -> None:
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    plain = [expr.replace("$__rate_interval", "5m").replace("$job", "mcp-dynaload") for expr in asked]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(plain)]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    checked = promtool("check", "rules", str(file))

    assert len(asked) >= 15
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_panels_are_laid_out_without_overlap() -> None:
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in dashboard()["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


def test_panels_and_alerts_name_metrics_that_we_have() -> None:
    exposed = PrometheusMetrics().text().decode()
    families = set(re.findall(r"^# TYPE (\S+) ", exposed, re.MULTILINE))
    known = families | {f"{name}_{part}" for name in families for part in ("bucket", "sum", "count")}
    asked = set(METRIC.findall((DEPLOY / "grafana-dashboard.json").read_text()))
    watched = set(METRIC.findall((DEPLOY / "alerts.yml").read_text()))

    assert len(asked) > 12
    assert asked - known == set()
    assert watched - known == set()
