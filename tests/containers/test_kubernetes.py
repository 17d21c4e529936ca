"""What the manifests in config/kubernetes promise."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from serving import ROOT

from fastprocesses_server.processes.description import Run
from fastprocesses_server.settings import load_settings, setting_names, unknown_names
from fastprocesses_server.worker.app import LEAVE_SECONDS

Manifest = dict[str, Any]

FOLDER = ROOT / "config" / "kubernetes"
OLDEST = "1.30"
"""The first that knows `preStop: sleep` without being asked to."""
PATCH = FOLDER / "optional" / "processes-from-configmap.yaml"
SERVERS = ["api", "worker"]


def read(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text()))


MANIFESTS = {
    f"{path.name}:{manifest['kind']}:{manifest['metadata']['name']}": manifest
    for path in sorted(FOLDER.rglob("*.yaml"))
    if path != PATCH
    for manifest in read(path)
}
KUBERNETES_OWN = {name: manifest for name, manifest in MANIFESTS.items() if "keda.sh" not in manifest["apiVersion"]}


def of_kind(*kinds: str) -> list[Manifest]:
    return [manifest for manifest in MANIFESTS.values() if manifest["kind"] in kinds]


def named(kind: str, name: str) -> Manifest:
    return next(manifest for manifest in of_kind(kind) if manifest["metadata"]["name"] == name)


def pod(component: str) -> Manifest:
    kind = "StatefulSet" if component == "redis" else "Deployment"
    template: Manifest = named(kind, f"fastprocesses-{component}")["spec"]["template"]
    return template


def container(component: str) -> Manifest:
    [only] = pod(component)["spec"]["containers"]
    return dict(only)


def environment(component: str) -> dict[str, str]:
    shared = named("ConfigMap", "fastprocesses")["data"]
    return {**shared, **{entry["name"]: entry["value"] for entry in container(component).get("env", [])}}


def selectors() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every choice of pods by their labels, and whose it is."""

    def look(value: Any, name: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if key in {"matchLabels", "selector"} and "app.kubernetes.io/name" in inner:
                yield name, inner
            elif isinstance(inner, dict | list):
                yield from look(inner, name)

    for name, manifest in MANIFESTS.items():
        yield from look(manifest.get("spec", {}), name)


@pytest.fixture(scope="module")
def compose() -> Manifest:
    services: Manifest = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", KUBERNETES_OWN)
def test_a_manifest_is_what_kubernetes_expects(name: str, version: str) -> None:
    kubernetes_validate.validate(KUBERNETES_OWN[name], version, strict=True)


def test_the_patch_is_one_of_both_deployments() -> None:
    [patch] = read(PATCH)
    [added] = patch["spec"]["template"]["spec"]["containers"]
    for component in SERVERS:
        template = pod(component)
        assert added["name"] == container(component)["name"]
        patched = {**template["spec"], "volumes": patch["spec"]["template"]["spec"]["volumes"]}
        patched["containers"] = [{**container(component), "volumeMounts": added["volumeMounts"]}]
        deployment = named("Deployment", f"fastprocesses-{component}")
        spec = {**deployment["spec"], "template": {**template, "spec": patched}}
        kubernetes_validate.validate({**deployment, "spec": spec}, OLDEST, strict=True)
    assert added["volumeMounts"][0]["mountPath"] == environment("api")["FP_PROCESSES_DIR"]


@pytest.mark.parametrize("component", SERVERS)
def test_what_is_set_are_settings(component: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for names in setting_names().values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    given = environment(component)
    assert unknown_names(given) == []
    secrets = pod(component)["spec"]["volumes"][-1]["secret"]["items"]
    for item in secrets:
        (tmp_path / item["path"]).write_text("redis://of-the-secret")
    for name, value in {**given, "FP_SECRETS_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.broker_url.get_secret_value() == "redis://of-the-secret"
    assert {mount["mountPath"] for mount in container(component)["volumeMounts"]} == {
        *("/tmp", str(settings.results_folder), given["FP_SECRETS_DIR"])  # noqa: S108
    }


def test_image_ports_and_user_are_those_of_the_containers(compose: Manifest, dockerfile: str) -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
    for component in SERVERS:
        assert container(component)["image"] == compose[component]["image"]
        context = pod(component)["spec"]["securityContext"]
        assert [(str(context["runAsUser"]), str(context["runAsGroup"]))] == user
        assert f"VOLUME {environment(component)['FP_RESULTS_DIR']}\n" in dockerfile
    assert (container("api")["args"], container("worker")["args"]) == (["serve"], compose["worker"]["command"])
    assert f"EXPOSE {container('api')['ports'][0]['containerPort']}\n" in dockerfile
    assert container("redis")["image"] == compose["redis"]["image"]


def test_redis_is_set_up_as_in_compose(compose: Manifest) -> None:
    """But for what the way in is guarded by: a password here."""
    lines = named("ConfigMap", "fastprocesses-redis")["data"]["valkey.conf"].splitlines()
    command = " ".join(word or '""' for word in compose["redis"]["command"])
    for option in command.removeprefix("valkey-server --").split(" --"):
        assert option in lines or option == "protected-mode no"
    include = next(line.removeprefix("include ") for line in lines if line.startswith("include"))
    assert any(include.startswith(mount["mountPath"]) for mount in container("redis")["volumeMounts"])


@pytest.mark.parametrize("component", [*SERVERS, "redis"])
def test_a_pod_may_do_no_more_than_it_must(component: str) -> None:
    spec, own = pod(component)["spec"], container(component)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert own["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert own["resources"]["limits"]["memory"]


def test_pods_have_the_time_that_their_end_takes() -> None:
    api, worker = pod("api")["spec"], pod("worker")["spec"]
    pause = container("api")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert api["terminationGracePeriodSeconds"] >= pause + load_settings().api_grace_seconds + 5
    grace = int(environment("worker")["FP_WORKER_GRACE_SECONDS"])
    assert worker["terminationGracePeriodSeconds"] >= grace + LEAVE_SECONDS + 5


def test_an_update_takes_no_pod_away_before_another_is_ready() -> None:
    for component in SERVERS:
        deployment = named("Deployment", f"fastprocesses-{component}")
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert container(component)["readinessProbe"]
        budget = named("PodDisruptionBudget", f"fastprocesses-{component}")
        assert budget["spec"]["maxUnavailable"] < deployment["spec"]["replicas"]


def test_whoever_is_chosen_by_labels_is_there() -> None:
    labels = [pod(component)["metadata"]["labels"] for component in (*SERVERS, "redis")]
    found = list(selectors())
    assert len(found) > 10
    for name, chosen in found:
        assert any(chosen.items() <= own.items() for own in labels), name


def test_secrets_have_the_keys_that_the_docs_make() -> None:
    made = set(re.findall(r"--from-literal=([\w.]+)=", (ROOT / "docs" / "scaling.md").read_text()))
    used = {item["key"] for part in (*SERVERS, "redis") for item in pod(part)["spec"]["volumes"][-1]["secret"]["items"]}
    used |= {entry["key"] for entry in named("TriggerAuthentication", "fastprocesses-redis")["spec"]["secretTargetRef"]}
    assert used == made


def test_workers_are_scaled_by_the_queue_that_they_serve() -> None:
    scaled = named("ScaledObject", "fastprocesses-worker")["spec"]
    [trigger] = scaled["triggers"]
    assert scaled["scaleTargetRef"]["name"] == named("Deployment", "fastprocesses-worker")["metadata"]["name"]
    assert scaled["minReplicaCount"] >= 1
    assert trigger["metadata"]["listName"] == Run().queue
    assert trigger["metadata"]["listLength"] == environment("worker")["FP_WORKER_CONCURRENCY"]
    assert trigger["metadata"]["address"].startswith(named("Service", "fastprocesses-redis")["metadata"]["name"] + ".")
    assert (
        trigger["authenticationRef"]["name"]
        == named("TriggerAuthentication", "fastprocesses-redis")["metadata"]["name"]
    )


def test_the_ingress_leads_to_the_api_under_its_public_url() -> None:
    [rule] = named("Ingress", "fastprocesses")["spec"]["rules"]
    assert environment("api")["FP_PUBLIC_URL"] == f"https://{rule['host']}"
    [path] = rule["http"]["paths"]
    service = named("Service", path["backend"]["service"]["name"])
    assert path["backend"]["service"]["port"]["name"] in [port["name"] for port in service["spec"]["ports"]]


@pytest.mark.skipif(sys.platform != "linux", reason="the commands are those of the image")
@pytest.mark.parametrize(
    ("seconds", "is_alive", "is_ready"), [(None, True, False), (1, True, True), (300, False, False)], ids=str
)
def test_probes_look_at_the_pulse(seconds: int | None, is_alive: bool, is_ready: bool, tmp_path: Path) -> None:
    """Written so many seconds ago; never, where a worker has not begun."""
    pulse = tmp_path / "pulse"
    if seconds is not None:
        pulse.touch()
        os.utime(pulse, (time.time() - seconds,) * 2)
    for probe, expected in (("livenessProbe", is_alive), ("readinessProbe", is_ready)):
        command = container("worker")[probe]["exec"]["command"]
        own = [word.replace(environment("worker")["FP_WORKER_PULSE"], str(pulse)) for word in command]
        assert str(pulse) in own[-1]
        assert (subprocess.run(own, check=False).returncode == 0) is expected
